import type { Delivery } from '../ingest/row.ts'
import { livesElsewhere } from './elsewhere.ts'
import { type Outcome, sitesOf, storeEvents } from './events.ts'
import type { Placement } from './placement.ts'

/** What of a delivery goes to which database, by name, as `nameOf` tells it of each site. */
export const partsOf = async (
  delivery: Delivery,
  nameOf: (site: number) => Promise<string>,
): Promise<Map<string, Delivery>> => {
  const names = new Map<number, string>()
  for (const site of sitesOf(delivery)) names.set(site, await nameOf(site))
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
  const parts = await partsOf(delivery, placement.nameOf)
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
