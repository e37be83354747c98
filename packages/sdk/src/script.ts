import { hashAddress } from './address.ts'
import type { Balise, ConsentLevel, Options } from './api.ts'
import { calm } from './calm.ts'
import { contacts } from './capture/contacts.ts'
import { engagement } from './capture/engagement.ts'
import { outbound } from './capture/outbound.ts'
import { pageViews } from './capture/page-views.ts'
import { createClient } from './client.ts'

/** A call that the stub kept: where it was meant to go, such as `['consent', 'set']`, and with what. */
type Call = readonly [path: readonly string[], args: readonly unknown[]]

/** What a path leads through, and at its end to. */
type Door = { readonly [name: string]: Door } & ((...args: readonly unknown[]) => void)

/** Where the tracker stands on a page, and before it the stub. */
const page = window as unknown as {
  balise?: Balise & Door & { calls?: readonly Call[] }
  /** The site's own function, by the name it gave it. */
  before_send?: Options['before_send']
}

/** What is noticed unless `data-without` names it. */
const usual = { 'page-views': pageViews, contacts, engagement, outbound }

/** A pattern of the names in a list. */
const namesIn = (list: string): RegExp =>
  new RegExp(`^(${list.replace(/\W/g, (sign) => (sign > ' ' ? `\\${sign}` : '|'))})$`)

const open = ({ dataset, src }: HTMLScriptElement): void => {
  const before = page.balise
  // A second tag on one page would count everything twice.
  if (before?.flush && !before.calls) return

  const balise = createClient({
    site: dataset['site'] || '',
    endpoint: dataset['endpoint'] || new URL(src).origin,
    consent: dataset['consent'] as ConsentLevel,
    debug: 'debug' in dataset,
    allow_query: dataset['allowQuery'] ? namesIn(dataset['allowQuery']) : undefined,
    before_send: page[dataset['beforeSend'] as 'before_send'],
    address: 'hash' in dataset ? hashAddress() : undefined,
    capture: Object.entries(usual).flatMap(([name, make]) => (dataset['without']?.includes(name) ? [] : make())),
  })
  page.balise = balise as Balise & Door
  for (const [path, args] of before?.calls || [])
    calm(() => path.reduce<Door>((door, name) => door[name] as Door, balise as Balise & Door)(...args))()
  // What most pages do without stands beside this script, and is loaded where asked for.
  for (const name of dataset['with']?.split(' ') || [])
    document.head.append(
      Object.assign(document.createElement('script'), { src: new URL(`balise-${name}.js`, src).href }),
    )
}

calm(open)(document.currentScript as HTMLScriptElement)
