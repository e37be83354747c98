import type { CountedReason } from '@balise/shared/wire/reply'
import type { Site } from '../ingest/hit.ts'
import type { Delivery, RefusedCount } from '../ingest/row.ts'
import { siteMomentOf } from '../ingest/site-clock.ts'

const deliver_after_ms = 10_000
const rows_max = 10_000

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
  let waiting = new Map<string, RefusedCount>()
  let delivered_ms = Number.NEGATIVE_INFINITY

  const add = (row: RefusedCount): void => {
    const name = `${row.site} ${row.day} ${row.reason}`
    const count = (waiting.get(name)?.count ?? 0) + row.count
    if (waiting.has(name) || waiting.size < rows_max) waiting.set(name, { ...row, count })
  }

  const deliverNow = async (): Promise<void> => {
    const refused = [...waiting.values()]
    if (refused.length === 0) return
    waiting = new Map()
    delivered_ms = now().getTime()
    try {
      await deliver({ events: [], refused })
    } catch (failure) {
      for (const row of refused) add(row)
      throw failure
    }
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
