import { type Delivery, siteOf } from '../ingest/row.ts'
import type { Outcome } from './events.ts'
import { createFairQueue } from './fair-queue.ts'
import { type Store, storeTogether } from './together.ts'

type Waiting = {
  delivery: Delivery
  resolve: (outcomes: Outcome[]) => void
  reject: (failure: unknown) => void
}

/** Too much is waiting to be stored: the batch is refused, not kept. */
export class Overloaded extends Error {
  readonly code = '53000' // insufficient_resources
  constructor() {
    super('too many events wait to be stored')
  }
}

/**
 * Stores the deliveries that arrive while another store is under way together, in one statement and one commit: the
 * commit's wait for the disk is shared, and a lone delivery does not wait at all. Each is answered for itself, once it
 * is durable. Where the one under way is held up, what has come meanwhile waits `patience_ms` for it and is then stored beside it.
 *
 * Sites take turns: one that floods waits for itself, and is the first that is refused.
 *
 * Two deliveries with the same event (a browser that sends twice at once) never go into one statement, so that each
 * learns what became of its own. What cannot be stored together is stored alone: see `together.ts`.
 */
export const createMicroBatch = (options: {
  store: Store
  storeAlone: Store
  stores_at_once_max: number
  events_per_store_max: number
  events_waiting_max: number
  patience_ms: number
}) => {
  const { store, storeAlone, stores_at_once_max, events_per_store_max, events_waiting_max, patience_ms } = options
  const waiting = createFairQueue<Waiting>({ weight_max: events_waiting_max, weightOf: eventsOf })
  let stores = 0
  let isDraining = false
  let patience: ReturnType<typeof setTimeout> | undefined

  const take = (): Waiting[] => {
    const ids = new Set<string>()
    let events = 0
    return waiting.takeWhile((one) => {
      const own = one.delivery.events
      if (events > 0 && events + own.length > events_per_store_max) return false
      if (own.some(({ id }) => ids.has(id))) return false
      for (const { id } of own) ids.add(id)
      events += own.length
      return true
    })
  }

  const storeNext = async (): Promise<void> => {
    const taken = take()
    clearTimeout(patience)
    patience = undefined
    waitForIt()
    stores += 1
    const settled = await storeTogether(
      { store, storeAlone },
      taken.map(({ delivery }) => delivery),
    )
    stores -= 1
    for (const [index, { resolve, reject }] of taken.entries()) {
      const one = settled[index]
      if (one?.status === 'fulfilled') resolve(one.value)
      else reject(one?.reason)
    }
  }

  /** What is left waits for the store under way, but not for one that is held up. */
  const waitForIt = (): void => {
    if (!waiting.isEmpty()) patience ??= setTimeout(storeBeside, patience_ms)
  }

  const storeBeside = (): void => {
    patience = undefined
    if (stores < stores_at_once_max && !waiting.isEmpty()) void storeNext()
    else waitForIt()
  }

  /** One store after the other: the more go together, the less each costs. */
  const drain = async (): Promise<void> => {
    if (isDraining) return waitForIt()
    isDraining = true
    while (!waiting.isEmpty()) await storeNext()
    isDraining = false
  }

  return (delivery: Delivery): Promise<Outcome[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome[]>()
    if (!waiting.push(siteOf(delivery), { delivery, resolve, reject })) return Promise.reject(new Overloaded())
    void drain()
    return promise
  }
}

/** One that holds refusals only weighs something too, or there would be no bound on them. */
const eventsOf = ({ delivery }: Waiting): number => Math.max(1, delivery.events.length)
