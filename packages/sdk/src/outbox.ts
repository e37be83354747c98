import type { Entry } from './queue.ts'
import type { Store } from './store.ts'

/** Where unsent events outlive their page. */
export type Outbox = {
  load: () => Entry[]
  save: (entry: Entry) => void
  drop: (entry: Entry) => void
}

/**
 * Unsent events in a store, one key each, so that two tabs never overwrite each other. A tab that finds another's events
 * may send them too: they carry their old ids, and the collector counts each id once.
 */
export const createOutbox = (store: Store): Outbox => ({
  load: () => store.names('event:').map((name) => JSON.parse(store.textOf(name)) as Entry),
  save: (entry) => store.keep(`event:${entry.id}`, JSON.stringify(entry)),
  drop: ({ id }) => store.discard(`event:${id}`),
})
