import type { Dimension, Query } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { type Counted, metrics } from './metrics.ts'

/** What a source of answers is asked for. */
export type Asked = { site_id: number; query: Query; counts: ReadonlySet<Counted> }

/** A source's columns: the dimensions and then the metrics, each under its own name, in the order asked for. */
export const columnsOf = (query: Query, columnOf: (dimension: Dimension) => RawBuilder<string>): RawBuilder<unknown> =>
  sql.join([
    ...query.dimensions.map((dimension) => sql`${columnOf(dimension)} as ${sql.id(dimension)}`),
    ...query.metrics.map((metric) => sql`${metrics[metric].value} as ${sql.id(metric)}`),
  ])

/**
 * How a source groups. Without dimensions all is one group, also when there is nothing in it. (`group by ()` would say
 * so too, but behind it the planner no longer sees the constants of `bounds`, and reads whole partitions.)
 */
export const groupingOf = ({ dimensions }: Query): RawBuilder<unknown> =>
  dimensions.length === 0 ? sql`` : sql`group by ${sql.join(dimensions.map((dimension) => sql.id(dimension)))}`

/** Of sums: a group is there where something that was asked for counts in it. */
export const havingOf = ({ dimensions }: Query, counts: ReadonlySet<Counted>): RawBuilder<unknown> =>
  dimensions.length === 0
    ? sql``
    : sql`having ${sql.join(
        [...counts].map((counted) => sql`sum(${sql.id(counted)}) > 0`),
        sql` or `,
      )}`
