import { element } from './element.ts'
import type { Show } from './show.ts'

const svg = 'http://www.w3.org/2000/svg'
const width = 12
const height = 72

/** A bar for each hour of the day, empty ones too, in plain SVG. */
export const bars: Show = ({ results, meta }) => {
  const counts = new Map(results.map(({ dimensions: [hour], metrics }) => [hour, metrics[0] ?? 0]))
  const hours = (meta.time_labels ?? []).map((label) => ({ label: hourOf(label), count: counts.get(label) ?? 0 }))
  const most = Math.max(1, ...hours.map(({ count }) => count))

  const drawing = document.createElementNS(svg, 'svg')
  drawing.setAttribute('viewBox', `0 0 ${hours.length * width} ${height}`)
  drawing.setAttribute('preserveAspectRatio', 'none')
  drawing.setAttribute('role', 'img')
  drawing.setAttribute('aria-label', sentenceOf(hours))
  drawing.append(
    ...hours.map(({ label, count }, index) => bar({ index, share: count / most, says: `${count} à ${label}` })),
  )
  const axis = hours.filter((_, index) => index % 6 === 0).map(({ label }) => element('span', '', label))
  return element('figure', 'bars', element('span', 'most', String(most)), drawing, element('figcaption', '', ...axis))
}

const bar = ({ index, share, says }: { index: number; share: number; says: string }): SVGElement => {
  const shape = document.createElementNS(svg, 'rect')
  const tall = share === 0 ? 1 : Math.max(3, share * height)
  const place = { x: index * width + 1.5, y: height - tall, width: width - 3, height: tall }
  for (const [name, value] of Object.entries(place)) shape.setAttribute(name, String(value))
  if (share === 0) shape.setAttribute('class', 'empty')
  const title = document.createElementNS(svg, 'title')
  title.textContent = says
  shape.append(title)
  return shape
}

const hourOf = (label: string): string => `${Number(label.slice(11, 13))} h`

const sentenceOf = (hours: readonly { label: string; count: number }[]): string => {
  const seen = hours.filter(({ count }) => count > 0).map(({ label, count }) => `${count} à ${label}`)
  return seen.length > 0 ? `Pages vues, heure par heure. ${seen.join(', ')}` : 'Aucune page vue aujourd’hui'
}
