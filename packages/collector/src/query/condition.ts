import type { Filter, filterOperators } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { dimensions } from './dimensions.ts'

type Condition = RawBuilder<boolean>

/** How a filter compares. Values are compared as they are: no character in them is a wildcard. */
const operators: {
  [O in (typeof filterOperators)[number]]: (value: RawBuilder<string>, given: string[]) => Condition
} = {
  is: (value, given) => sql`${value} = any(${given}::text[])`,
  is_not: (value, given) => sql`${value} <> all(${given}::text[])`,
  contains: (value, given) =>
    sql`(${sql.join(
      given.map((part) => sql`strpos(${value}, ${part}) > 0`),
      sql` or `,
    )})`,
}

/** A filter by one dimension: all others are made of these. */
export type Single = Extract<Filter, { length: 3 }>

/** Whether a value is one that a filter lets pass. */
export const passes = ([operator, , given]: Single, value: RawBuilder<string>): Condition =>
  operators[operator](value, given)

/**
 * Whether an event, with the facts of its visit, fits a filter. Dimensions are never null, so neither is this. How a filter
 * by one dimension is put can be told otherwise.
 */
export const conditionOf = (filter: Filter, single: (filter: Single) => Condition = byValue): Condition => {
  if (filter.length === 3) return single(filter)
  if (filter[0] === 'not') return sql`not ${conditionOf(filter[1], single)}`
  const parts = filter[1].map((part) => conditionOf(part, single))
  return sql`(${sql.join(parts, filter[0] === 'and' ? sql` and ` : sql` or `)})`
}

const byValue = (filter: Single): Condition => passes(filter, dimensions[filter[1]].value)

/** One part of a filter: where it stands in the question (`filters.1.0`), and how deep. */
export type Part = { filter: Filter; field: string; depth: number }

/** A filter and all that it is made of, from the outside in. */
export const partsOf = (filter: Filter | undefined, field = 'filters', depth = 1): Part[] => {
  if (!filter) return []
  const here = { filter, field, depth }
  if (filter.length === 3) return [here]
  if (filter[0] === 'not') return [here, ...partsOf(filter[1], `${field}.1`, depth + 1)]
  return [here, ...filter[1].flatMap((inner, index) => partsOf(inner, `${field}.1.${index}`, depth + 1))]
}
