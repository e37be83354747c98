import { element } from './element.ts'
import type { Show } from './show.ts'
import { metricWords } from './words.ts'

/** The metrics of one row as numbers to read across the room. */
export const tiles: Show = ({ results, query }, before) => {
  const [row] = results
  return element(
    'dl',
    'tiles',
    ...query.metrics.map((metric, index) => {
      const value = row?.metrics[index] ?? null
      const isFresh = before && before.results[0]?.metrics[index] !== value
      const { name, shown } = metricWords[metric]
      const number = element('dd', isFresh ? 'fresh' : '', value === null ? '–' : shown(value))
      number.dataset['metric'] = metric
      return element('div', '', element('dt', '', name), number)
    }),
  )
}
