import type { Delivery } from '../ingest/row.ts'
import type { Outcome } from './events.ts'
import { partsOf } from './placed-events.ts'
import { home, NoSuchSite, type Placement } from './placement.ts'

/** A way to make a delivery durable. `null` where outcomes are known only later. */
export type Lane = (delivery: Delivery) => Promise<Outcome[] | null>

/**
 * A lane for each database, by name, so that one which is away or slow holds up its own sites and no others. What is of a
 * site that is no more goes home's way, whose end lets go of it and keeps the rest: see `storeOrSetAside`.
 */
export const createLanes = (placement: Placement, lanes: ReadonlyMap<string, Lane>): Lane => {
  const laneOf = (site: number): Promise<string> =>
    placement.nameOf(site).catch((failure: unknown) => {
      if (failure instanceof NoSuchSite) return home
      throw failure
    })
  return async (delivery) => {
    const parts = await partsOf(delivery, laneOf)
    const delivering = [...parts].flatMap(([name, part]) => lanes.get(name)?.(part) ?? [])
    const outcomes = await Promise.all(delivering)
    return outcomes.some((one) => one === null) ? null : outcomes.flatMap((one) => one ?? [])
  }
}
