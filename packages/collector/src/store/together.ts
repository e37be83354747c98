import type { Delivery } from '../ingest/row.ts'
import { isAboutOneSite } from './elsewhere.ts'
import type { Outcome } from './events.ts'
import { isUnavailable } from './unavailable.ts'

/** Stores a delivery: all of it, or it throws. */
export type Store = (delivery: Delivery) => Promise<Outcome[]>

/**
 * Stores several deliveries in one statement and one commit, and answers for each what became of its own events. Where that
 * fails because of some row's data, or of a site that moves, each is stored alone, so that a bad one keeps back no other.
 */
export const storeTogether = async (
  { store, storeAlone }: { store: Store; storeAlone: Store },
  deliveries: readonly Delivery[],
): Promise<PromiseSettledResult<Outcome[]>[]> => {
  const [only, ...others] = deliveries
  if (only && others.length === 0) return Promise.allSettled([storeAlone(only)])
  try {
    const outcomes = new Map((await store(joined(deliveries))).map((outcome) => [outcome.id, outcome]))
    return deliveries.map(({ events }) => ({
      status: 'fulfilled',
      value: events.flatMap(({ id }) => outcomes.get(id) ?? []),
    }))
  } catch (reason) {
    if (isUnavailable(reason) && !isAboutOneSite(reason)) return deliveries.map(() => ({ status: 'rejected', reason }))
    const settled: PromiseSettledResult<Outcome[]>[] = []
    for (const delivery of deliveries) settled.push(...(await Promise.allSettled([storeAlone(delivery)])))
    return settled
  }
}

const joined = (deliveries: readonly Delivery[]): Delivery => ({
  events: deliveries.flatMap(({ events }) => events),
  refused: deliveries.flatMap(({ refused }) => refused),
})
