import type { Delivery } from '../ingest/row.ts'
import { type StoringDeps, storeOrSetAside } from './dead-letters.ts'
import { sitesOf } from './events.ts'
import { storePlaced } from './placed-events.ts'
import { NoSuchSite, type Placement } from './placement.ts'
import { storeTogether } from './together.ts'

/**
 * Stores what waited, in a queue or on a disk: all of one database together. Answers for each delivery why it has to come
 * again, or `null`.
 */
export const storeWaiting = async (deps: StoringDeps, deliveries: readonly Delivery[]): Promise<(Error | null)[]> => {
  const { placement } = deps
  const failures = new Map<Delivery, Error>()
  const groups = new Map<string, Delivery[]>()
  const placeOf = await placesOf(placement, deliveries)
  for (const delivery of deliveries) {
    const places = sitesOf(delivery).map(placeOf)
    const failure = places.find((place) => place instanceof Error)
    const name = [...new Set(places)].join(' ')
    if (failure) failures.set(delivery, failure)
    else groups.set(name, [...(groups.get(name) ?? []), delivery])
  }

  const ways = {
    store: (delivery: Delivery) => storePlaced(placement, delivery),
    storeAlone: (delivery: Delivery) => storeOrSetAside(deps, delivery),
  }
  const storeGroup = async (group: Delivery[]): Promise<void> => {
    const settled = await storeTogether(ways, group)
    for (const [index, delivery] of group.entries()) {
      const one = settled[index]
      if (one?.status === 'rejected') failures.set(delivery, one.reason)
    }
  }
  await Promise.all([...groups.values()].map(storeGroup))
  return deliveries.map((delivery) => failures.get(delivery) ?? null)
}

/** Where the sites of some deliveries live, by name, or why that cannot be told now. All at once: in an outage each takes a while. */
const placesOf = async (
  placement: Placement,
  deliveries: readonly Delivery[],
): Promise<(site: number) => string | Error | undefined> => {
  const sites = [...new Set(deliveries.flatMap(sitesOf))]
  const nameOf = (site: number) =>
    placement.nameOf(site).catch((failure: Error) => (failure instanceof NoSuchSite ? 'nowhere' : failure))
  const places = new Map(await Promise.all(sites.map(async (site) => [site, await nameOf(site)] as const)))
  return (site) => places.get(site)
}
