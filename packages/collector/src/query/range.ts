import type { Comparison, DateRange, namedRanges } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'

type Instant = RawBuilder<Date>
type Day = RawBuilder<string>

/** The first day that a range by `all` can hold: before any event of ours. */
const before_all = '2000-01-01'

/** The first day of each range that has a name; `today` is the day that the site's clock shows. */
const firstDays: { [Name in (typeof namedRanges)[number]]: Day } = {
  day: sql`today`,
  '7d': sql`today - 6`,
  '30d': sql`today - 29`,
  '12mo': sql`(date_trunc('month', today::timestamp) - interval '11 months')::date`,
  month: sql`date_trunc('month', today::timestamp)::date`,
  year: sql`date_trunc('year', today::timestamp)::date`,
  all: sql`${before_all}::date`,
}

/**
 * The table expression `bounds`, with those it is made from. It is one row:
 *
 * - `time_zone`, the site's; `first_day` and `last_day`, both included;
 * - `from_at` and `to_at`, the instants at which the first day and the day after the last begin;
 * - `read_from` and `read_to`, the same with `around_hours` on both sides;
 * - `from_id` and `to_id`, between which the ids of all events in there lie, but for the skewed;
 * - `visits_from`, before which no packed visit with an event in there began.
 *
 * Nothing in it depends on a setting of the session (all is immutable to Postgres), so it is computed once, before the
 * plan is made, and the planner sees constants. For that, arithmetic is done on clocks and never on instants.
 */
export const rangeOf = (asked: {
  date_range: DateRange
  time_zone: string
  now: Date
  around_hours: number
  /** The days before, to compare with, instead of those asked for. */
  compare?: Comparison | undefined
}): RawBuilder<unknown> => {
  const { date_range, time_zone, now, around_hours, compare } = asked
  const [first, last] = Array.isArray(date_range)
    ? date_range.map((day) => sql`${day}::date`)
    : [firstDays[date_range], sql`today`]
  return sql`zone as not materialized (
  select ${time_zone}::text as time_zone
),
clock as not materialized (
  select time_zone, (${now.toISOString()}::timestamptz at time zone time_zone)::date as today from zone
),
days as not materialized (
  select time_zone, ${first} as first_day, ${last} as last_day from clock
),
${
  compare
    ? sql`compared_days as not materialized (
  select time_zone, ${daysBefore[compare]} from days
),
`
    : sql``
}edges as not materialized (
  select *, ${startOf(sql`first_day`)} as from_at, ${startOf(sql`(last_day + 1)`)} as to_at
  from ${compare ? sql`compared_days` : sql`days`}
),
reach as not materialized (
  select *,
    ${later(sql`from_at`, `${-around_hours} hours`)} as read_from,
    ${later(sql`to_at`, `${around_hours} hours`)} as read_to
  from edges
),
bounds as not materialized (
  select *,
    uuidv7_floor(${later(sql`read_from`, '-24 hours')}) as from_id,
    uuidv7_floor(${later(sql`read_to`, '24 hours')}) as to_id,
    ${later(sql`read_from`, '-24 hours')} as visits_from
  from reach
)`
}

/** The days that those of a range are compared with, as `first_day` and `last_day`. */
export const daysBefore: { [C in Comparison]: RawBuilder<unknown> } = {
  previous_period: sql`first_day - (last_day - first_day + 1) as first_day, first_day - 1 as last_day`,
  year_over_year: sql`(first_day::timestamp - interval '1 year')::date as first_day,
    (last_day::timestamp - interval '1 year')::date as last_day`,
}

/**
 * The table expression `told`: the days that the answer names, and the instants they begin and end at. They are those
 * of `bounds`, but that `all` begins with the day of the site's first event.
 */
export const toldOf = (date_range: DateRange, site_id: number): RawBuilder<unknown> =>
  date_range === 'all'
    ? sql`told as (
  select *, ${startOf(sql`first_day`)} as from_at
  from (select time_zone, ${firstEventDayOf(site_id)} as first_day, last_day, to_at from bounds) as days
)`
    : sql`told as (
  select time_zone, first_day, last_day, from_at, to_at from bounds
)`

/**
 * The instant at which a day begins: the one after the day before has ended. (Midnight itself may be left out, as in
 * Santiago, or come twice, as in Havana, and then `at time zone` takes the second.)
 */
const startOf = (day: Day): Instant =>
  later(sql`(${day}::timestamp - interval '1 microsecond') at time zone time_zone`, '1 microsecond')

const later = (at: Instant, by: string): Instant => sql`(${at} at time zone 'UTC' + ${by}::interval) at time zone 'UTC'`

/**
 * The day of the first event. The first by id is not always the first by time, but except for the skewed, the two times
 * of an event lie within a day of each other, so it is among those whose ids begin within two days. A packed one begins its
 * visit.
 */
const firstEventDayOf = (site_id: number): Day => sql`least(last_day, ((
      select min(started_at) from visits where site = ${site_id} and is_packed
    ) at time zone time_zone)::date,
    ((
      select min(at) from events
      where site = ${site_id} and (skewed or id < (
        select uuidv7_floor(uuidv7_time(id) + interval '48 hours') from events
        where site = ${site_id} and not skewed
        order by id limit 1
      ))
    ) at time zone time_zone)::date,
    (
      select min(day) from rollups
      where site = ${site_id} and dimension = 'total' and day < (select raw_from from sites where id = ${site_id})
    ))`
