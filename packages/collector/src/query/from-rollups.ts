import type { Dimension, Query } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { type Asked, groupingOf, havingOf } from './columns.ts'
import { metrics } from './metrics.ts'
import { daysBefore } from './range.ts'

/** What the days of a question lie in: the name that rollups have for it, and the one value that counts, if any. */
export type Rolled = { dimension: string; value: string | undefined }

/**
 * Where rollups hold the answer: all at once, by one dimension, or of one value of it; by any time, but by the hour only
 * all at once. `undefined` where they do not.
 */
export const rolledOf = ({ dimensions, filters }: Query): Rolled | undefined => {
  const values = dimensions.filter((name) => !isTime(name))
  const only = filters?.[0] === 'is' && filters[2].length === 1 ? { by: filters[1], value: filters[2][0] } : undefined
  if (values.length > 1 || (filters && !only)) return undefined

  const [by = only?.by] = values
  if (only && by !== only.by) return undefined
  const times = dimensions.filter(isTime)
  if (times.includes('time:hour')) return by ? undefined : { dimension: 'time:hour', value: undefined }
  return { dimension: by ?? 'total', value: only?.value }
}

/** The table expression `changes`: what came after the last fold adds to the days of a question, less what it replaces. */
export const changesSinceFold = ({ site_id, query }: Asked): RawBuilder<unknown> => sql`changes as (
  select * from changes_since_fold(${site_id}, ${soughtOf(query).dimension}, (${firstDayOf(query)}))
)`

/**
 * Answers from the rollups, and from `changes`. `visitors` are those of a day, or of a longer span, that were not seen on the
 * value since their bucket, or the range, began.
 */
export const fromRollups = ({ site_id, query, counts }: Asked): RawBuilder<unknown> => {
  const { dimension, value } = soughtOf(query)
  const ofValue = value === undefined ? sql`` : sql` and value = ${value}`
  const since = sql`day - ${bucketStartOf(query)}`
  return sql`
  with spans as not materialized (
    select *, first_pentad(first_day) as pentads_from, pentad_of(last_day + 1) as pentads_to,
      first_month(first_day) as months_from, date_trunc('month', (last_day + 1)::timestamp)::date as months_to
    from bounds
  ),
  parts as (
    select day, value, events, page_views, visits, bounces, duration_ms,
      unseen[1 + least(${since}, cardinality(unseen) - 1)] as visitors
    from spans
    join rollups on site = ${site_id} and (${isByDay(query) ? daysOf(dimension) : spansOf(dimension)})${ofValue}
    union all
    select day, value, events::integer, page_views::integer, visits::integer, bounces::integer, duration_ms,
      case when gap is null or gap > ${since} then visitors::integer else 0 end
    from bounds
    join changes on day between first_day and last_day${ofValue}
  )
  select ${sql.join([
    ...query.dimensions.map((name) => sql`${labelOf(name)} as ${sql.id(name)}`),
    ...query.metrics.map((metric) => sql`${metrics[metric].rolled} as ${sql.id(metric)}`),
  ])}
  from parts
  ${groupingOf(query)}
  ${havingOf(query, counts)}`
}

const daysOf = (dimension: string) => sql`dimension = ${dimension} and day between first_day and last_day`

/** The longest spans that a range is made up of (0013): its whole months, what is left of its whole pentads, and of its days. */
const spansOf = (dimension: string) => sql`
      ${daysOf(dimension)} and (day < pentads_from or day >= pentads_to)
      or dimension = ${`${dimension}/pentad`} and day >= pentads_from and day < pentads_to and (day < months_from or day >= months_to)
      or dimension = ${`${dimension}/month`} and day >= months_from and day < months_to`

/** Whether each day is told by itself: no bucket is longer. */
const isByDay = ({ dimensions }: Query): boolean => dimensions.includes('time:hour') || dimensions.includes('time:day')

const soughtOf = (query: Query): Rolled => rolledOf(query) ?? { dimension: 'total', value: undefined }

/** From which day on it matters when a visitor was seen; null where each day is told by itself. */
const firstDayOf = (query: Query): RawBuilder<unknown> => {
  if (isByDay(query) || !query.metrics.includes('visitors')) return sql`null::date`
  const { compare } = query
  return sql`select first_day from ${compare ? sql`(select ${daysBefore[compare]} from bounds) as days` : sql`bounds`}`
}

/** The day on which a visitor begins to be new: that of the bucket, or of the range where there is no bucket. */
const bucketStartOf = (query: Query): RawBuilder<unknown> => {
  if (isByDay(query)) return sql`day`
  if (query.dimensions.includes('time:month'))
    return sql`greatest(first_day, date_trunc('month', day::timestamp)::date)`
  return sql`first_day`
}

const labelOf = (name: Dimension): RawBuilder<unknown> => {
  if (name === 'time:hour' || !isTime(name)) return sql`value`
  return clocks[name].labelOfDay
}
