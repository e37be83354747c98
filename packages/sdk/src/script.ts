import type { Balise, ConsentLevel } from './api.ts'
import { calm } from './calm.ts'
import { apiCalls } from './capture/api-calls.ts'
import { contacts } from './capture/contacts.ts'
import { engagement } from './capture/engagement.ts'
import { pageViews } from './capture/page-views.ts'
import { createClient } from './client.ts'

/** A call that the stub kept: where it was meant to go, such as `['consent', 'set']`, and with what. */
type Call = readonly [path: readonly string[], args: readonly unknown[]]

/** What a path leads through, and at its end to. */
type Door = { readonly [name: string]: Door } & ((...args: readonly unknown[]) => void)

/** Where the tracker stands on a page, and before it the stub. */
const page = window as unknown as { balise?: Balise & Door & { calls?: readonly Call[] } }

const open = ({ dataset, src }: HTMLScriptElement): void => {
  const before = page.balise
  // A second tag on one page would count everything twice.
  if (before?.flush && !before.calls) return

  const balise = createClient({
    site: dataset['site'] || '',
    endpoint: dataset['endpoint'] || new URL(src).origin,
    consent: dataset['consent'] as ConsentLevel,
    debug: 'debug' in dataset,
    // A page may make thousands of API calls, so they are counted where asked for.
    capture: [pageViews(), contacts(), engagement()].concat('apiCalls' in dataset ? apiCalls() : []),
  })
  page.balise = balise as Balise & Door
  for (const [path, args] of before?.calls || [])
    path.reduce<Door>((door, name) => door[name] as Door, balise as Balise & Door)(...args)
}

calm(open)(document.currentScript as HTMLScriptElement)
