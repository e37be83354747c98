import type { CountedReason } from '@balise/shared/wire/reply'
import type { Site } from '../ingest/hit.ts'
import type { Delivery, RefusedCount } from '../ingest/row.ts'
import { siteMomentOf } from '../ingest/site-clock.ts'

const deliver_after_ms = 10_000
const rows_max = 10_000

type Count = Omit<RefusedCount, 'delivery'>

/**
 * Counts the events that a site's limit turned away, for the table `refusals`. A flood is written down as one row now
 * and then: the first refusal at once, the next ones together ten seconds later, the last ones when the clock strikes.
 * An isolate that ends before takes up to ten seconds of counts along.
 */
export const createRefusalCounts = (options: {
  deliver: (delivery: Delivery) => Promise<unknown>
  now: () => Date
}) => {
  const { deliver, now } = options
  let waiting = new Map<string, Count>()
  let on_its_way: RefusedCount[] = []
  let delivered_ms = Number.NEGATIVE_INFINITY

  const add = (row: Count): void => {
    const name = `${row.site} ${row.day} ${row.reason}`
    const count = (waiting.get(name)?.count ?? 0) + row.count
    if (waiting.has(name) || waiting.size < rows_max) waiting.set(name, { ...row, count })
  }

  /** What could not be delivered goes again as it was: perhaps it arrived, and only the answer was lost. */
  const deliverNow = async (): Promise<void> => {
    if (on_its_way.length === 0) {
      const delivery = crypto.randomUUID()
      on_its_way = [...waiting.values()].map((count) => ({ ...count, delivery }))
      waiting = new Map()
    }
    if (on_its_way.length === 0) return
    delivered_ms = now().getTime()
    const refused = on_its_way
    await deliver({ events: [], refused })
    if (on_its_way === refused) on_its_way = []
  }

  return {
    /** Counts events of a site that were turned away now, by the name they were told. */
    count: async (site: Pick<Site, 'id' | 'time_zone'>, reason: CountedReason, events: number): Promise<void> => {
      add({ site: site.id, day: siteMomentOf(now(), site.time_zone).day, reason, count: events })
      if (now().getTime() - delivered_ms >= deliver_after_ms) await deliverNow()
    },
    /** Delivers what still waits. When it throws, nothing is lost: it waits on. */
    deliverNow,
  }
}

/** See {@link createRefusalCounts}. */
export type RefusalCounts = ReturnType<typeof createRefusalCounts>
