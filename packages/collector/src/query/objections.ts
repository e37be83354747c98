import type { FieldError } from '@balise/shared/problem'
import { namedRanges, type Query } from '@balise/shared/stats/query'
import { isTime } from './clock.ts'
import { partsOf } from './condition.ts'

/** The first and the last day that can be asked for: a calendar that Postgres, UUIDv7 and we all agree on. */
const calendar = ['2000-01-01', '2099-12-31'] as const
const range_days_max = 5 * 366
const hourly_days_max = 31
const filter_parts_max = 200
const filter_depth_max = 8

/** What is wrong with a question that has the right shape, by field; nothing where it can be answered. */
export const objectionsTo = (query: Query): FieldError[] => checks.flatMap((check) => check(query))

type Check = (query: Query) => FieldError[]

const daysAreInCalendar: Check = ({ date_range }) =>
  daysOf(date_range).flatMap((day, index) =>
    day < calendar[0] || day > calendar[1]
      ? [{ field: `date_range.${index}`, message: `a day from ${calendar[0]} to ${calendar[1]}` }]
      : [],
  )

const rangeEndsAfterItBegins: Check = ({ date_range }) => {
  const [first = '', last = ''] = daysOf(date_range)
  return first > last ? [{ field: 'date_range.1', message: `a day that is not before ${first}` }] : []
}

const rangeIsBounded: Check = ({ date_range }) => {
  const isLong = Array.isArray(date_range) && lengthOf(date_range) > range_days_max
  return isLong ? [{ field: 'date_range', message: `at most ${range_days_max} days, or all`, allowed: ['all'] }] : []
}

const hoursAreFew: Check = ({ date_range, dimensions }) => {
  if (!dimensions.includes('time:hour') || lengthOf(date_range) <= hourly_days_max) return []
  const allowed = namedRanges.filter((name) => lengthOf(name) <= hourly_days_max)
  return [{ field: 'date_range', message: `at most ${hourly_days_max} days by time:hour`, allowed }]
}

const orderIsAskedFor: Check = ({ order_by = [], metrics, dimensions }) => {
  const allowed: string[] = [...metrics, ...dimensions]
  return order_by.flatMap(([name], index) =>
    allowed.includes(name) ? [] : [{ field: `order_by.${index}.0`, message: 'not asked for', allowed }],
  )
}

const labelsHaveATime: Check = ({ include, dimensions }) => {
  const index = include.indexOf('time_labels')
  if (index < 0 || dimensions.some(isTime)) return []
  return [{ field: `include.${index}`, message: 'time_labels are those of a time dimension; none is asked for' }]
}

const hasATimeBefore: Check = ({ compare, date_range }) =>
  compare && date_range === 'all' ? [{ field: 'compare', message: 'before all there is nothing to compare with' }] : []

const monthsMatchMonths: Check = ({ compare, dimensions }) =>
  compare === 'previous_period' && dimensions.includes('time:month')
    ? [{ field: 'compare', message: 'months are of different lengths', allowed: ['year_over_year'] }]
    : []

const filterIsSmall: Check = ({ filters }) => {
  const parts = partsOf(filters)
  const tooDeep = parts.find(({ depth }) => depth > filter_depth_max)
  if (tooDeep) return [{ field: tooDeep.field, message: `at most ${filter_depth_max} filters inside each other` }]
  return parts.length > filter_parts_max ? [{ field: 'filters', message: `at most ${filter_parts_max} filters` }] : []
}

const checks: readonly Check[] = [
  daysAreInCalendar,
  rangeEndsAfterItBegins,
  rangeIsBounded,
  hoursAreFew,
  orderIsAskedFor,
  labelsHaveATime,
  hasATimeBefore,
  monthsMatchMonths,
  filterIsSmall,
]

const daysOf = (range: Query['date_range']): string[] => (Array.isArray(range) ? range : [])

/** The days of each named range, at most. */
const longest = { day: 1, '7d': 7, '30d': 30, month: 31, '12mo': 366, year: 366, all: Number.POSITIVE_INFINITY }

const lengthOf = (range: Query['date_range']): number =>
  Array.isArray(range) ? (Date.parse(range[1]) - Date.parse(range[0])) / 86_400_000 + 1 : longest[range]
