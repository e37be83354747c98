import type { Delivery } from '../ingest/row.ts'
import type { Outcome } from '../store/events.ts'
import { isUnavailable } from '../store/unavailable.ts'
import type { Spool } from './spool.ts'

/** What a delivery goes to: the store, and the spool where the store cannot take it now. */
export type SpooledDeliveryOptions = {
  store: (delivery: Delivery) => Promise<Outcome[]>
  spool: Pick<Spool, 'append' | 'depth'>
  /** How long the store may take before the spool is asked instead. */
  patience_ms: number
}

/**
 * Makes a delivery durable: in the database, or, while that is away, busy or slow, on this machine's disk. Once the store
 * has failed, everything goes to the disk at once until the drainer says that it is `back`: only one asks a sick
 * database how it feels.
 *
 * A delivery that the store was too slow for may be stored by both: an event's id makes it once.
 */
export const createSpooledDelivery = ({ store, spool, patience_ms }: SpooledDeliveryOptions) => {
  let away = false

  const keep = async (delivery: Delivery): Promise<null> => {
    try {
      await spool.append(delivery)
    } catch (failure) {
      // Where nothing waits, no drainer will find out that the store is back.
      away = spool.depth().deliveries > 0
      throw failure
    }
    return null
  }

  return {
    /** Outcomes, or `null` where they are known only later. Rejects where neither place takes the delivery. */
    deliver: async (delivery: Delivery): Promise<Outcome[] | null> => {
      if (away) return keep(delivery)
      const outcomes = await within(store(delivery), patience_ms).catch((failure: unknown) => {
        if (isUnavailable(failure)) return null
        throw failure
      })
      if (outcomes) return outcomes
      away = true
      return keep(delivery)
    },
    /** The store takes deliveries again. */
    back: (): void => {
      away = false
    },
  }
}

/** What is answered in time; `null` when it is late, whatever becomes of it then. */
const within = async <Value>(answer: Promise<Value>, ms: number): Promise<Value | null> => {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), ms)
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
