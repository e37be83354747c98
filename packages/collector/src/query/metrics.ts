import type { Metric } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'

/** What a metric counts: events, or the visits that they make up. */
export type Counted = 'events' | 'visits'

type Aggregate = RawBuilder<number | null>

/** What adds up, over events and over visits. */
export type Sum = 'events' | 'page_views' | 'visits' | 'bounces' | 'duration_ms'

type Measure = { counts: Counted; value: Aggregate; rolled: Aggregate; sums: readonly Sum[]; ofNone: Aggregate }

/**
 * Each metric over the rows of a group: what it counts, and its SQL.
 *
 * - `value` is over raw rows: an event (`visitor` and `kind` are set) or a visit (`visit`, `seconds` and `bounced` are
 *   set); each aggregate passes over the rows that are not its own.
 * - `rolled` is over the days of rollups, which are counts already; `sums` are those of them that it is made of, besides visitors.
 * - `ofNone` is what it is where nothing happened.
 */
export const metrics: { [M in Metric]: Measure } = {
  visitors: {
    counts: 'events',
    value: sql`count(distinct visitor)`,
    rolled: sql`coalesce(sum(visitors), 0)`,
    sums: [],
    ofNone: sql`0`,
  },
  page_views: {
    counts: 'events',
    value: sql`count(*) filter (where kind = 'page_view')`,
    rolled: sql`coalesce(sum(page_views), 0)`,
    sums: ['page_views'],
    ofNone: sql`0`,
  },
  events: {
    counts: 'events',
    value: sql`count(kind)`,
    rolled: sql`coalesce(sum(events), 0)`,
    sums: ['events'],
    ofNone: sql`0`,
  },
  visits: {
    counts: 'visits',
    value: sql`count(visit)`,
    rolled: sql`coalesce(sum(visits), 0)`,
    sums: ['visits'],
    ofNone: sql`0`,
  },
  bounce_rate: {
    counts: 'visits',
    value: sql`round(100.0 * count(*) filter (where bounced) / nullif(count(visit), 0), 2)`,
    rolled: sql`round(100.0 * sum(bounces) / nullif(sum(visits), 0), 2)`,
    sums: ['visits', 'bounces'],
    ofNone: sql`null`,
  },
  visit_duration: {
    counts: 'visits',
    value: sql`round(avg(seconds))`,
    rolled: sql`round(sum(duration_ms) / 1000.0 / nullif(sum(visits), 0))`,
    sums: ['visits', 'duration_ms'],
    ofNone: sql`null`,
  },
}
