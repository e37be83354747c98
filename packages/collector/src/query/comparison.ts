import type { Comparison, Dimension, Query, TimeDimension } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { metrics } from './metrics.ts'
import { daysBefore } from './range.ts'

/** How far the time before lies away from the days of `told`. */
const distances: { [C in Comparison]: RawBuilder<unknown> } = {
  previous_period: sql`(last_day - first_day + 1) * interval '1 day'`,
  year_over_year: sql`interval '1 year'`,
}

/** A row of an answer as JSON. */
export const rowOf = (query: Query): RawBuilder<unknown> => sql`json_build_object(
    'dimensions', ${listed(query.dimensions.map((name) => sql.id(name)))},
    'metrics', ${listed(query.metrics.map((name) => sql.id(name)))}
  )`

/**
 * The rows of `page`, each with its twin in `before`: that of the same values and, by time, of the bucket as far before.
 * Where there is none, nothing happened then.
 */
export const comparedPage = (query: Query, compare: Comparison): RawBuilder<unknown> => {
  const twinOf = (name: Dimension) => (isTime(name) ? earlier(name, distances[compare]) : sql`page.${sql.id(name)}`)
  const twins = query.dimensions.map((name) => sql`before.${sql.id(name)} = ${twinOf(name)}`)
  return sql`
    select coalesce(json_agg(json_build_object(
      'dimensions', ${listed(query.dimensions.map((name) => sql`page.${sql.id(name)}`))},
      'metrics', ${listed(query.metrics.map((name) => sql`page.${sql.id(name)}`))},
      'comparison', json_build_object(
        'dimensions', ${listed(query.dimensions.map(twinOf))},
        'metrics', ${listed(query.metrics.map((name) => sql`coalesce(before.${sql.id(name)}, ${metrics[name].ofNone})`))}
      )
    ) order by place), '[]')
    from (select *, row_number() over () as place from page) as page
    left join before on ${twins.length === 0 ? sql`true` : sql.join(twins, sql` and `)}`
}

const earlier = (name: TimeDimension, distance: RawBuilder<unknown>): RawBuilder<unknown> => {
  const { beginOf, labelOfBegin } = clocks[name]
  return labelOfBegin(sql`${beginOf(sql`page.${sql.id(name)}`)} - ${distance}`)
}

const listed = (columns: RawBuilder<unknown>[]): RawBuilder<unknown> => sql`json_build_array(${sql.join(columns)})`

/** The first and the last day of the time before, from those of `told`. */
export const comparedDays = (compare: Comparison): RawBuilder<unknown> =>
  sql`select json_build_array(first_day, last_day) from (select ${daysBefore[compare]}) as days`
