import type { Metric } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'

/** What a metric counts: events, or the visits that they make up. */
export type Counted = 'events' | 'visits'

/**
 * Each metric over the rows of a group: what it counts, and its SQL. A row is an event (`visitor` and `kind` are set) or
 * a visit (`visit`, `seconds` and `bounced` are set), and each aggregate passes over the rows that are not its own.
 */
export const metrics: { [M in Metric]: { counts: Counted; value: RawBuilder<number | null> } } = {
  visitors: { counts: 'events', value: sql`count(distinct visitor)` },
  page_views: { counts: 'events', value: sql`count(*) filter (where kind = 'page_view')` },
  events: { counts: 'events', value: sql`count(kind)` },
  visits: { counts: 'visits', value: sql`count(visit)` },
  bounce_rate: {
    counts: 'visits',
    value: sql`round(100.0 * count(*) filter (where bounced) / nullif(count(visit), 0), 2)`,
  },
  visit_duration: { counts: 'visits', value: sql`round(avg(seconds))` },
}
