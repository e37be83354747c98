import type { Dimension, Filter, Metric, Query, TimeDimension, ValueDimension } from '@balise/shared/stats/query'
import type { EventRow } from '../src/ingest/row.ts'

/**
 * What `docs/query.md` says, said again in plain loops over all events of a site: no SQL, no index, no cleverness, and
 * time zones from JavaScript's own tables. It shares nothing with the code it judges but the names.
 */
export const oracle = (events: EventRow[], query: Query, time_zone: string, now: Date) => {
  const days = daysOf(events, query, time_zone, now)
  const rows = rowsOf(events, query, query.date_range === 'all' ? ['2000-01-01', days[1]] : days, time_zone)
  rows.sort((a, b) => compared(query, a, b))
  const page = rows.slice(query.offset, query.offset + query.limit)
  return {
    results: query.compare ? comparedPage(events, query, days, time_zone, page) : page,
    date_range: days,
    comparison_range: query.compare && daysBefore(query.compare, days),
    total_rows: rows.length,
    time_labels: query.dimensions.filter(isTime).map((name) => labelsOf(name, days, time_zone))[0],
  }
}

/** All rows of the days, in no order. */
const rowsOf = (events: EventRow[], query: Query, days: Days, time_zone: string): Row[] => {
  const [from, to] = edgesOf(days, time_zone)
  const isInside = (at: number) => at >= from && at < to
  const groups = new Map<string, Group>()
  const groupOf = (labels: string[]): Group => {
    const key = JSON.stringify(labels)
    const group = groups.get(key) ?? { labels, visitors: new Set(), page_views: 0, events: 0, visits: new Set() }
    groups.set(key, group)
    return group
  }
  if (query.dimensions.length === 0) groupOf([])
  const countsEvents = query.metrics.some((metric) => ['visitors', 'page_views', 'events'].includes(metric))
  const countsVisits = query.metrics.some((metric) => !['visitors', 'page_views', 'events'].includes(metric))

  for (const visit of visitsOf(events)) {
    for (const event of visit) {
      if (query.filters && !fits(query.filters, event, visit)) continue
      const labelsAt = (moment: number) =>
        query.dimensions.map((name) => (isTime(name) ? bucketOf(name, moment, time_zone) : factOf(name, event, visit)))
      if (countsEvents && isInside(at(event))) {
        const group = groupOf(labelsAt(at(event)))
        group.visitors.add(event.visitor)
        group.events += 1
        if (event.kind === 'page_view') group.page_views += 1
      }
      const started = at(first(visit))
      if (countsVisits && isInside(started)) groupOf(labelsAt(started)).visits.add(visit)
    }
  }
  return [...groups.values()].map((group) => rowOf(query, group))
}

const rowOf = (query: Query, group: Group): Row => ({
  dimensions: group.labels,
  metrics: query.metrics.map((metric) => measures[metric](group)),
})

/** Each row beside that of the time before with the same values. */
const comparedPage = (events: EventRow[], query: Query, days: Days, time_zone: string, page: Row[]) => {
  const [first_day, last_day] = daysBefore(query.compare, days)
  const before = rowsOf(events, query, [first_day, last_day], time_zone)
  return page.map((row) => {
    const labels = row.dimensions.map((label, index) => labelBefore(query, days, label, query.dimensions[index]))
    const empty = { labels, visitors: new Set<string>(), page_views: 0, events: 0, visits: new Set<Visit>() }
    const twin = before.find(({ dimensions }) => JSON.stringify(dimensions) === JSON.stringify(labels))
    return { ...row, comparison: twin ?? rowOf(query, empty) }
  })
}

const labelBefore = (query: Query, days: Days, label: string, name: Dimension | undefined): string => {
  if (!name || !isTime(name)) return label
  if (name === 'time:month') return yearBefore(`${label}-01`).slice(0, 7)
  const day = label.slice(0, 10)
  return (query.compare === 'year_over_year' ? yearBefore(day) : shifted(day, -lengthOf(days))) + label.slice(10)
}

const daysBefore = (compare: Query['compare'], days: Days): Days =>
  compare === 'year_over_year'
    ? [yearBefore(days[0]), yearBefore(days[1])]
    : [shifted(days[0], -lengthOf(days)), shifted(days[0], -1)]

const lengthOf = (days: Days): number => (Date.parse(days[1]) - Date.parse(days[0])) / day_ms + 1

const yearBefore = (day: string): string => {
  const before = `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`
  return before.endsWith('-02-29') ? `${before.slice(0, 5)}02-28` : before
}

type Days = [first_day: string, last_day: string]
type Visit = EventRow[]
type Row = { dimensions: string[]; metrics: (number | null)[] }
type Group = {
  labels: string[]
  visitors: Set<string>
  page_views: number
  events: number
  visits: Set<Visit>
}

const day_ms = 86_400_000
const at = (event: EventRow): number => Date.parse(event.at)
const first = (visit: Visit): EventRow => {
  const [event] = visit
  if (!event) throw new Error('a visit has an event')
  return event
}

const measures: { [M in Metric]: (group: Group) => number | null } = {
  visitors: (group) => group.visitors.size,
  visits: (group) => group.visits.size,
  page_views: (group) => group.page_views,
  events: (group) => group.events,
  bounce_rate: ({ visits }) => {
    const bounced = [...visits].filter((visit) => {
      const views = visit.filter((event) => event.kind === 'page_view').length
      return views <= 1 && !visit.some((event) => event.kind === 'contact' || event.kind === 'custom')
    })
    return visits.size === 0 ? null : rounded(bounced.length * 10_000, visits.size) / 100
  },
  visit_duration: ({ visits }) => {
    const ms = [...visits].reduce((sum, visit) => sum + at(visit.at(-1) ?? first(visit)) - at(first(visit)), 0)
    return visits.size === 0 ? null : rounded(ms, visits.size * 1000)
  },
}

/** a / b, to the nearest whole number, halves up; in whole numbers only. */
const rounded = (a: number, b: number): number => Math.floor((2 * a + b) / (2 * b))

const visitsOf = (events: EventRow[]): Visit[] => {
  const sorted = events.toSorted((a, b) => at(a) - at(b) || (a.id < b.id ? -1 : 1))
  const visits: Visit[] = []
  for (const event of sorted) {
    const own = visits.findLast(
      ([one]) => one?.visitor === event.visitor && (one.session ?? null) === (event.session ?? null),
    )
    const last = own?.at(-1)
    const continues = last && at(event) - at(last) <= (event.session ? day_ms : 30 * 60_000)
    if (own && continues) own.push(event)
    else visits.push([event])
  }
  return visits
}

const facts: { [D in ValueDimension]: (event: EventRow, visit: Visit) => string } = {
  'event:path': (event) => event.page.path,
  'event:kind': (event) => event.kind,
  'event:name': (event) => event.action?.name ?? '(none)',
  'event:endpoint': (event) => event.action?.endpoint ?? '(none)',
  'event:channel': (event) => event.action?.channel ?? '(none)',
  'visit:source': (_, visit) => first(visit).origin?.source ?? 'Direct',
  'visit:channel': (_, visit) => first(visit).origin?.channel ?? 'Direct',
  'visit:country': (_, visit) => first(visit).place?.country ?? '(unknown)',
  'visit:browser': (_, visit) => first(visit).client.browser ?? '(unknown)',
  'visit:os': (_, visit) => first(visit).client.os ?? '(unknown)',
  'visit:device': (_, visit) => first(visit).client.device ?? '(unknown)',
  'visit:entry_page': (_, visit) => visit.find((event) => event.kind === 'page_view')?.page.path ?? '(none)',
}
const factOf = (name: ValueDimension, event: EventRow, visit: Visit): string => facts[name](event, visit)

const fits = (filter: Filter, event: EventRow, visit: Visit): boolean => {
  switch (filter[0]) {
    case 'and':
      return filter[1].every((part) => fits(part, event, visit))
    case 'or':
      return filter[1].some((part) => fits(part, event, visit))
    case 'not':
      return !fits(filter[1], event, visit)
    case 'is':
      return filter[2].includes(factOf(filter[1], event, visit))
    case 'is_not':
      return !filter[2].includes(factOf(filter[1], event, visit))
    case 'contains':
      return filter[2].some((part) => factOf(filter[1], event, visit).includes(part))
  }
}

const isTime = (name: Dimension): name is TimeDimension =>
  name === 'time:hour' || name === 'time:day' || name === 'time:month'

/** `2026-10-25T02:30` on a zone's clock. */
const clockOf = (moment: number, time_zone: string): string => {
  const format = formats.get(time_zone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone: time_zone, ...minutes })
  formats.set(time_zone, format)
  return format.format(moment).replace(' ', 'T')
}
const formats = new Map<string, Intl.DateTimeFormat>()
const minutes = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const

const bucketOf = (name: Dimension, moment: number, time_zone: string): string => {
  const clock = clockOf(moment, time_zone)
  if (name === 'time:hour') return `${clock.slice(0, 13)}:00`
  return name === 'time:day' ? clock.slice(0, 10) : clock.slice(0, 7)
}

const dayOf = (moment: number, time_zone: string): string => clockOf(moment, time_zone).slice(0, 10)
const shifted = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * day_ms).toISOString().slice(0, 10)

/** The instants of the quarters of an hour around a day at which a zone's clock shows that day. */
const quartersOf = (day: string, time_zone: string): number[] => {
  const quarters = Array.from({ length: 4 * 54 }, (_, index) => Date.parse(day) - 15 * 3_600_000 + index * 900_000)
  return quarters.filter((quarter) => dayOf(quarter, time_zone) === day)
}

const edgesOf = ([first_day, last_day]: [string, string], time_zone: string): [number, number] => {
  const from = Math.min(...quartersOf(first_day, time_zone))
  const to = Math.max(...quartersOf(last_day, time_zone)) + 900_000
  return [from, to]
}

const labelsOf = (name: Dimension, [first_day, last_day]: [string, string], time_zone: string): string[] => {
  const labels = new Set<string>()
  for (let day = first_day; day <= last_day; day = shifted(day, 1))
    for (const quarter of quartersOf(day, time_zone)) labels.add(bucketOf(name, quarter, time_zone))
  return [...labels].sort()
}

const daysOf = (events: EventRow[], query: Query, time_zone: string, now: Date): [string, string] => {
  const today = dayOf(now.getTime(), time_zone)
  const [year = 0, month = 0] = today.split('-').map(Number)
  const range = query.date_range
  if (Array.isArray(range)) return range
  switch (range) {
    case 'day':
      return [today, today]
    case '7d':
      return [shifted(today, -6), today]
    case '30d':
      return [shifted(today, -29), today]
    case 'month':
      return [`${today.slice(0, 7)}-01`, today]
    case 'year':
      return [`${today.slice(0, 4)}-01-01`, today]
    case '12mo':
      return [new Date(Date.UTC(year, month - 12, 1)).toISOString().slice(0, 10), today]
    case 'all': {
      const days = events.map((event) => dayOf(at(event), time_zone))
      return [[...days, today].sort()[0] ?? today, today]
    }
  }
}

const compared = (query: Query, a: Row, b: Row): number => {
  const times = query.dimensions.filter(isTime)
  const usual: [Metric | Dimension, 'asc' | 'desc'][] =
    times.length > 0 ? times.map((name) => [name, 'asc']) : query.metrics.slice(0, 1).map((name) => [name, 'desc'])
  const rest: [Dimension, 'asc'][] = query.dimensions.map((name) => [name, 'asc'])
  for (const [name, direction] of [...(query.order_by ?? usual), ...rest]) {
    const metric = query.metrics.indexOf(name as Metric)
    const dimension = query.dimensions.indexOf(name as Dimension)
    const order =
      metric >= 0
        ? comparedNumbers(a.metrics[metric] ?? null, b.metrics[metric] ?? null, direction)
        : comparedTexts(a.dimensions[dimension] ?? '', b.dimensions[dimension] ?? '', direction)
    if (order !== 0) return order
  }
  return 0
}

const comparedNumbers = (a: number | null, b: number | null, direction: 'asc' | 'desc'): number => {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return direction === 'asc' ? a - b : b - a
}

const comparedTexts = (a: string, b: string, direction: 'asc' | 'desc'): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b)) * (direction === 'asc' ? 1 : -1)
