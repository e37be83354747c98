import type { Query } from '@balise/shared/stats/query'
import { isTime } from './clock.ts'
import { partsOf } from './condition.ts'
import { dimensions } from './dimensions.ts'
import { rolledOf } from './from-rollups.ts'
import { type Counted, metrics } from './metrics.ts'

/** What a question is answered from, and which of the two things it counts. */
export type Plan = { source: Source; counts: ReadonlySet<Counted> }

/** All that a question can be answered from, each of them exact where it is chosen. */
export type Source = 'rollups' | 'events' | 'visits'

/**
 * The smallest thing that is exact for a question: rollups where they hold it; else events as they lie there, unless a
 * metric, a dimension or a filter is about visits; then visits have to be made out of them first. `from_raw` leaves
 * rollups out.
 */
export const planOf = (query: Query, from_raw = false): Plan => {
  const counts = new Set(query.metrics.map((metric) => metrics[metric].counts))
  const filtered = partsOf(query.filters).flatMap(({ filter }) => (filter.length === 3 ? [filter[1]] : []))
  const facts = [...query.dimensions, ...filtered].filter((name) => !isTime(name)).map((name) => dimensions[name].of)
  if (!from_raw && rolledOf(query)) return { source: 'rollups', counts }
  return { source: counts.has('visits') || facts.includes('visits') ? 'visits' : 'events', counts }
}
