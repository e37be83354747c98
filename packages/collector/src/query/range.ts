import type { DateRange, namedRanges } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'

type Instant = RawBuilder<Date>
type Day = RawBuilder<string>

/** What a range is asked on: whose clock, what it shows now, and how far around the range events must be read. */
export type Asked = { date_range: DateRange; time_zone: string; now: Date; around_hours: number }

/** The first day of each range that has a name; `today` is the day that the site's clock shows. */
const firstDays: { [Name in (typeof namedRanges)[number]]: Day } = {
  day: sql`today`,
  '7d': sql`today - 6`,
  '30d': sql`today - 29`,
  '12mo': sql`(date_trunc('month', today::timestamp) - interval '11 months')::date`,
  month: sql`date_trunc('month', today::timestamp)::date`,
  year: sql`date_trunc('year', today::timestamp)::date`,
  all: sql`'2000-01-01'::date`,
}

/**
 * The table expressions `clock`, `days` and `bounds`; all that is known about time zones is here and in `clock.ts`.
 *
 * `bounds` is one row: `time_zone`; `first_day` and `last_day`, both included; `from_at` and `to_at`, the instants at
 * which they begin and the day after begins; `read_from` and `read_to`, the same and `around_hours` on both sides;
 * `from_id` and `to_id`, between which the ids of all events in there lie, but for the skewed.
 *
 * Every expression is immutable to Postgres: none depends on a setting of the session, each is computed once, before
 * the plan is made, and the planner sees plain constants. So arithmetic is done on clocks, never on instants.
 */
export const rangeOf = ({ date_range, time_zone, now, around_hours }: Asked): RawBuilder<unknown> => {
  const [first, last] = Array.isArray(date_range)
    ? date_range.map((day) => sql`${day}::date`)
    : [firstDays[date_range], sql`today`]
  return sql`clock as not materialized (
  select ${time_zone}::text as time_zone, (${now.toISOString()}::timestamptz at time zone ${time_zone}::text)::date as today
),
days as not materialized (
  select time_zone, ${first} as first_day, ${last} as last_day from clock
),
edges as not materialized (
  select *, ${startOf(sql`first_day`)} as from_at, ${startOf(sql`(last_day + 1)`)} as to_at from days
),
window_ as not materialized (
  select *, ${hoursAfter(sql`from_at`, -around_hours)} as read_from, ${hoursAfter(sql`to_at`, around_hours)} as read_to from edges
),
bounds as not materialized (
  select *,
    uuidv7_floor(${hoursAfter(sql`read_from`, -24)}) as from_id,
    uuidv7_floor(${hoursAfter(sql`read_to`, 24)}) as to_id
  from window_
)`
}
