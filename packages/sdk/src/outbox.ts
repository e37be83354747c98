import { calm } from './calm.ts'
import type { Entry, Outbox } from './queue.ts'
import type { Report } from './report.ts'
import type { Store } from './store.ts'

/**
 * Unsent events in a store, one key each, so that two tabs never overwrite each other. A tab that finds another's events
 * may send them too: they carry their old ids, and the collector counts each id once.
 */
export const createOutbox = (store: Store, report: Report): Outbox => ({
  load: () =>
    store
      .names()
      .filter((name) => name.startsWith(prefix))
      .map((name) => calm(() => JSON.parse(store.read(name)) as Entry, report)())
      .filter((entry) => entry !== undefined),
  save: (entry) => store.write(prefix + entry.event.id, JSON.stringify(entry)),
  drop: ({ event }) => store.remove(prefix + event.id),
})

const prefix = 'event:'
