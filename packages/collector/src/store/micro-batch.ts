import { type Delivery, siteOf } from '../ingest/row.ts'
import { isAboutOneSite } from './elsewhere.ts'
import type { Outcome } from './events.ts'
import { createFairQueue } from './fair-queue.ts'
import { isUnavailable } from './unavailable.ts'

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
 * learns what became of its own. When a joint store fails because of some row's data, or of a site that moves, each delivery
 * is stored alone and the innocent ones succeed.
 */
export const createMicroBatch = (options: {
  store: (delivery: Delivery) => Promise<Outcome[]>
  stores_at_once_max: number
  events_per_store_max: number
  events_waiting_max: number
  patience_ms: number
}) => {
  const { store, stores_at_once_max, events_per_store_max, events_waiting_max, patience_ms } = options
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

  const storeAlone = (one: Waiting) => store(one.delivery).then(one.resolve, one.reject)

  const storeTogether = async (taken: Waiting[]): Promise<void> => {
    const [only, ...others] = taken
    if (only && others.length === 0) return storeAlone(only)
    try {
      const outcomes = new Map<string, Outcome>()
      for (const outcome of await store(join(taken))) outcomes.set(outcome.id, outcome)
      for (const one of taken) one.resolve(one.delivery.events.flatMap(({ id }) => outcomes.get(id) ?? []))
    } catch (failure) {
      if (isUnavailable(failure) && !isAboutOneSite(failure)) for (const one of taken) one.reject(failure)
      else for (const one of taken) await storeAlone(one)
    }
  }

  const storeNext = async (): Promise<void> => {
    const taken = take()
    clearTimeout(patience)
    patience = undefined
    waitForIt()
    stores += 1
    await storeTogether(taken)
    stores -= 1
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

const join = (taken: Waiting[]): Delivery => ({
  events: taken.flatMap(({ delivery }) => delivery.events),
  refused: taken.flatMap(({ delivery }) => delivery.refused),
})
