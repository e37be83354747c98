import type { Dimension, Query } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { isTime } from './clock.ts'
import { metrics } from './metrics.ts'

type Term = NonNullable<Query['order_by']>[number]

/** As asked; without that time first, else the first metric. Then all dimensions, so that pages never overlap. */
export const orderOf = (query: Query): RawBuilder<unknown> => {
  const asked = query.order_by?.length ? query.order_by : usualOf(query)
  const rest = query.dimensions.filter((dimension) => asked.every(([name]) => name !== dimension))
  return sql.join([...asked, ...rest.map(ascending)].map(termOf))
}

const usualOf = (query: Query): Term[] => {
  const times = query.dimensions.filter(isTime)
  return times.length > 0 ? times.map(ascending) : query.metrics.slice(0, 1).map((metric) => [metric, 'desc'])
}

const ascending = (dimension: Dimension): Term => [dimension, 'asc']

const directions = { asc: sql`asc`, desc: sql`desc` }

/** Text sorts by its bytes, the same in every database; a metric without a value comes last, both ways. */
const termOf = ([name, direction]: Term): RawBuilder<unknown> =>
  name in metrics
    ? sql`${sql.id(name)} ${directions[direction]} nulls last`
    : sql`${sql.id(name)} collate "C" ${directions[direction]}`
