import type { Delivery } from '../ingest/row.ts'
import { livesElsewhere } from './elsewhere.ts'
import { type Outcome, sitesOf, storeEvents } from './events.ts'
import { isUnstorable } from './is-unstorable.ts'
import type { Placement } from './placement.ts'

/** What of a delivery goes to which database, by name. */
export const partsOf = async (placement: Placement, delivery: Delivery): Promise<Map<string, Delivery>> => {
  const sites = sitesOf(delivery)
  const names = new Map<number, string>()
  for (const site of sites) names.set(site, await placement.nameOf(site))
  const distinct = new Set(names.values())
  const partOf = (name: string): Delivery => {
    const isThere = ({ site }: { site: number }) => names.get(site) === name
    return { events: delivery.events.filter(isThere), refused: delivery.refused.filter(isThere) }
  }
  return new Map([...distinct].map((name) => [name, distinct.size === 1 ? delivery : partOf(name)]))
}

/**
 * Stores a delivery where its sites live, in one statement for each database; those that have moved meanwhile, where they
 * live now. When it throws, some of it may be stored, and all of it may be stored again.
 */
export const storePlaced = async (placement: Placement, delivery: Delivery, tries = 2): Promise<Outcome[]> => {
  const parts = await partsOf(placement, delivery)
  const storing = [...parts].map(async ([name, part]) =>
    storeEvents(placement.doorNamed(name).database, part).catch((failure: unknown) => {
      if (!livesElsewhere(failure) || tries < 2) throw failure
      placement.forget(sitesOf(part))
      return storePlaced(placement, part, tries - 1)
    }),
  )
  const stored = await Promise.allSettled(storing)
  const failed = stored.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return stored.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}

/**
 * Stores what waited in a queue, all of one database together; where that fails each delivery alone, so that a bad one keeps
 * back no other, and of a bad one each event, so that it keeps back none of its own. Answers for each delivery why not all of
 * it was stored, or `null`.
 */
export const storeWaiting = async (placement: Placement, deliveries: Delivery[]): Promise<(Error | null)[]> => {
  const failures = new Map<Delivery, Error>()
  const groups = new Map<string, Delivery[]>()
  for (const delivery of deliveries) {
    const name = await partsOf(placement, delivery).then(
      (parts) => [...parts.keys()].join(' '),
      (failure: Error) => void failures.set(delivery, failure),
    )
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), delivery])
  }

  const storeAlone = (delivery: Delivery) =>
    storePlaced(placement, delivery).catch(async (failure: Error) => {
      failures.set(delivery, failure)
      if (!isUnstorable(failure)) return
      // Which of them fails is not asked: all of them come again.
      await Promise.allSettled(delivery.events.map((event) => storePlaced(placement, { events: [event], refused: [] })))
    })
  const storeGroup = async (group: Delivery[]): Promise<void> => {
    const storedTogether = await storePlaced(placement, joined(group)).then(
      () => true,
      () => false,
    )
    if (!storedTogether) for (const delivery of group) await storeAlone(delivery)
  }
  await Promise.all([...groups.values()].map(storeGroup))
  return deliveries.map((delivery) => failures.get(delivery) ?? null)
}

const joined = (deliveries: Delivery[]): Delivery => ({
  events: deliveries.flatMap(({ events }) => events),
  refused: deliveries.flatMap(({ refused }) => refused),
})
