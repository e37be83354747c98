import type { Query, ValueDimension } from '@balise/shared/stats/query'
import { isTime } from './clock.ts'
import { partsOf } from './condition.ts'
import { dimensions } from './dimensions.ts'
import { rolledOf } from './from-rollups.ts'
import { type Counted, metrics } from './metrics.ts'

/** What a question is answered from, and which of the two things it counts. */
export type Plan = { source: Source; counts: ReadonlySet<Counted> }

/** All that a question can be answered from, each of them exact where it is chosen. */
export type Source = 'rollups' | 'visits' | 'raw_events' | 'raw_visits'

/**
 * The smallest thing that is exact for a question: rollups where they hold it, else visits. `from_raw` leaves out both:
 * then events as they lie there, unless a metric, a dimension or a filter is about visits, which have to be made first.
 */
export const planOf = (query: Query, from_raw = false): Plan => {
  const counts = new Set(query.metrics.map((metric) => metrics[metric].counts))
  if (!from_raw) return { source: rolledOf(query) ? 'rollups' : 'visits', counts }
  const is_about_visits = counts.has('visits') || factsOf(query).some((name) => dimensions[name].of === 'visits')
  return { source: is_about_visits ? 'raw_visits' : 'raw_events', counts }
}

/** All that a question names, to split or to filter by, and that is not a time. */
export const factsOf = ({ dimensions, filters }: Query): ValueDimension[] => [
  ...dimensions.filter((name) => !isTime(name)),
  ...partsOf(filters).flatMap(({ filter }) => (filter.length === 3 ? [filter[1]] : [])),
]
