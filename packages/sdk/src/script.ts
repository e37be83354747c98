import type { Balise, ConsentLevel } from './api.ts'
import { calm } from './calm.ts'
import { apiCalls } from './capture/api-calls.ts'
import { contacts } from './capture/contacts.ts'
import { engagement } from './capture/engagement.ts'
import { pageViews } from './capture/page-views.ts'
import { createClient } from './client.ts'
import { createReport } from './report.ts'
import { worldHere } from './world.ts'

/** A call that the stub kept: where it was meant to go, such as `['consent', 'set']`, and with what. */
type Call = readonly [path: readonly string[], args: readonly unknown[]]

/** Everything that notices, by its attribute: `data-contacts="off"` leaves one out. */
const noticing = { pageViews, contacts, engagement, apiCalls }

/** Off until asked for, because a page may make thousands: `data-api-calls`. */
const off_by_default = 'apiCalls'

const open = ({ dataset, src }: HTMLScriptElement): void => {
  const page = window as unknown as { balise?: Partial<Balise> & { calls?: readonly Call[] } }
  const world = worldHere()
  const calls = page.balise && page.balise.calls
  // A second tag on one page would count everything twice.
  if (!world || (page.balise && page.balise.flush && !calls)) return

  const isOn = (name: string) => (name in dataset ? dataset[name] !== 'off' : name !== off_by_default)
  const balise = createClient(
    {
      site: dataset['site'] || '',
      endpoint: dataset['endpoint'] || new URL(src).origin,
      consent: (dataset['consent'] || 'anonymous') as ConsentLevel,
      debug: 'debug' in dataset,
      capture: Object.entries(noticing)
        .filter(([name]) => isOn(name))
        .map(([, create]) => create()),
    },
    world,
  )
  page.balise = balise
  for (const [path, args] of calls || []) replay(balise, path, args)
}

const replay = (balise: Balise, path: readonly string[], args: readonly unknown[]): void => {
  const act = path.reduce<unknown>((door, name) => (door as { [name: string]: unknown })[name], balise)
  ;(act as (...args: readonly unknown[]) => void)(...args)
}

const script = document.currentScript as HTMLScriptElement
calm(open, createReport('debug' in script.dataset))(script)
