import type { Delivery } from '../ingest/row.ts'
import type { Outcome } from './events.ts'
import { partsOf } from './placed-events.ts'
import type { Placement } from './placement.ts'

/** A way to make a delivery durable. `null` where outcomes are known only later. */
export type Lane = (delivery: Delivery) => Promise<Outcome[] | null>

/** A lane for each database, by name, so that one which is away or slow holds up its own sites and no others. */
export const createLanes =
  (placement: Placement, lanes: ReadonlyMap<string, Lane>): Lane =>
  async (delivery) => {
    const parts = await partsOf(placement, delivery)
    const delivering = [...parts].flatMap(([name, part]) => lanes.get(name)?.(part) ?? [])
    const outcomes = await Promise.all(delivering)
    return outcomes.some((one) => one === null) ? null : outcomes.flatMap((one) => one ?? [])
  }
