import { type TimeDimension, timeDimensions } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'

type Clock = {
  /** The bucket that a moment falls into. It needs `time_zone` in scope. Labels sort as the time does. */
  label: (moment: RawBuilder<Date>) => RawBuilder<string>
  /** The bucket that a day of the site's clock falls into. */
  labelOfDay: RawBuilder<string>
  /** When a bucket begins, on the site's clock and without a zone, from its label; and the label back from it. */
  beginOf: (label: RawBuilder<unknown>) => RawBuilder<unknown>
  labelOfBegin: (begin: RawBuilder<unknown>) => RawBuilder<string>
  /** Steps that are shorter than any bucket of any time zone, so that none is stepped over. */
  step: RawBuilder<unknown>
}

/**
 * The buckets of a site's own clock. An hour that comes twice when daylight saving ends is one bucket; an hour that is
 * left out when it begins is none.
 */
export const clocks: { [D in TimeDimension]: Clock } = {
  'time:hour': {
    label: (moment) => sql`to_char(${moment} at time zone time_zone, 'YYYY-MM-DD"T"HH24:00')`,
    labelOfDay: sql`to_char(day, 'YYYY-MM-DD"T"HH24:00')`,
    beginOf: (label) => sql`${label}::timestamp`,
    labelOfBegin: (begin) => sql`to_char(${begin}, 'YYYY-MM-DD"T"HH24:00')`,
    step: sql`interval '30 minutes'`,
  },
  'time:day': {
    label: (moment) => sql`to_char(${moment} at time zone time_zone, 'YYYY-MM-DD')`,
    labelOfDay: sql`to_char(day, 'YYYY-MM-DD')`,
    beginOf: (label) => sql`${label}::timestamp`,
    labelOfBegin: (begin) => sql`to_char(${begin}, 'YYYY-MM-DD')`,
    step: sql`interval '12 hours'`,
  },
  'time:month': {
    label: (moment) => sql`to_char(${moment} at time zone time_zone, 'YYYY-MM')`,
    labelOfDay: sql`to_char(day, 'YYYY-MM')`,
    beginOf: (label) => sql`(${label} || '-01')::timestamp`,
    labelOfBegin: (begin) => sql`to_char(${begin}, 'YYYY-MM')`,
    step: sql`interval '12 hours'`,
  },
}

const names: readonly string[] = timeDimensions

/** Whether a dimension is one of time. */
export const isTime = (dimension: string): dimension is TimeDimension => names.includes(dimension)
