import { element } from './element.ts'
import type { Show } from './show.ts'
import { metricWords, wordOf } from './words.ts'

/** The rows of one dimension, each with a bar that compares it with the first. */
export const list: Show = ({ results, query }, before) => {
  if (results.length === 0) return element('p', 'none', 'Rien encore aujourd’hui.')
  const known = new Map(before?.results.map(({ dimensions: [value], metrics }) => [value, metrics[0]]))
  const most = Math.max(...results.map(({ metrics }) => metrics[0] ?? 0))
  const [metric = 'events'] = query.metrics
  return element(
    'ul',
    'list',
    ...results.map(({ dimensions: [value = ''], metrics: [number] }) => {
      const isFresh = before && known.get(value) !== number
      const row = element(
        'li',
        isFresh ? 'fresh' : '',
        element('span', 'value', wordOf(value)),
        element('span', 'number', metricWords[metric].shown(number ?? 0)),
      )
      row.dataset['value'] = value
      row.style.setProperty('--share', String((number ?? 0) / most))
      return row
    }),
  )
}
