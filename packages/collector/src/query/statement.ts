import type { Answer } from '@balise/shared/stats/answer'
import type { Query } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { isTime } from './clock.ts'
import type { Asked } from './columns.ts'
import { comparedDays, comparedPage, rowOf } from './comparison.ts'
import { fromEvents } from './from-events.ts'
import { fromRawVisits } from './from-raw-visits.ts'
import { changesSinceFold, fromRollups } from './from-rollups.ts'
import { freshVisits, fromVisits } from './from-visits.ts'
import { includes } from './includes.ts'
import { orderOf } from './order.ts'
import { planOf, type Source } from './plan.ts'
import { daysBefore, rangeOf, toldOf } from './range.ts'
import { around_hours } from './visits.ts'

/** The one row that a question's statement gives: the parts of the answer that only the database knows. */
export type Told = {
  results: Answer['results']
  meta: Omit<Answer['meta'], 'time_zone'>
  /** Otherwise the question is to be asked of raw events. */
  is_exact: boolean
  /** What the question needs is gone: it can be answered from this day on. */
  beyond_retention: string | null
}

/** A question, whose site it is about, and the moment it is asked at. `from_raw`: only raw events may answer. */
export type Posed = { site: { id: number; time_zone: string }; query: Query; now: Date; from_raw?: boolean }

type AnySource = {
  /** A table expression that is made once, for the range and the time before it. */
  once?: (asked: Asked) => RawBuilder<unknown>
  rows: (asked: Asked) => RawBuilder<unknown>
  around_hours: number
  is_exact: (site_id: number) => RawBuilder<boolean>
}

/** Rollups and visits are no answer while their site is folded anew, nor for the days of another clock. */
const whenFolded = (site_id: number) => sql<boolean>`is_folded(${site_id}, time_zone)`
const always = () => sql<boolean>`true`

const sources: { [S in Source]: AnySource } = {
  rollups: { once: changesSinceFold, rows: fromRollups, around_hours: 0, is_exact: whenFolded },
  visits: { once: freshVisits, rows: fromVisits, around_hours: 0, is_exact: whenFolded },
  raw_events: { rows: fromEvents, around_hours: 0, is_exact: always },
  raw_visits: { rows: fromRawVisits, around_hours, is_exact: always },
}

/**
 * A question as one statement with one row. It travels as JSON, where a count is a number: Postgres' own `bigint` and
 * `numeric` would arrive as text. How the rows of `found` come about is the source's own matter.
 */
export const statementOf = ({ site, query, now, from_raw }: Posed): RawBuilder<Told> => {
  const { source, counts } = planOf(query, from_raw)
  const { once, rows, around_hours, is_exact } = sources[source]
  const asked = { site_id: site.id, query, counts }
  const range = { date_range: query.date_range, time_zone: site.time_zone, now, around_hours }
  const { compare } = query
  return sql<Told>`
with ${rangeOf(range)},
${toldOf(query.date_range, site.id)},${
    once
      ? sql`
${once(asked)},`
      : sql``
  }
found as (${rows(asked)}
),
page as (
  select * from found order by ${orderOf(query)} limit ${query.limit} offset ${query.offset}
)${
    compare
      ? sql`,
before as (
  with ${rangeOf({ ...range, compare })}
  select * from (${rows(asked)}
  ) as found
)`
      : sql``
  }
select
  (${compare ? comparedPage(query, compare) : sql`select coalesce(json_agg(${rowOf(query)}), '[]') from page`}) as results,
  json_build_object(${sql.join([
    sql`'date_range', json_build_array(first_day, last_day)`,
    ...(compare ? [sql`'comparison_range', (${comparedDays(compare)})`] : []),
    ...query.include.map((name) => sql`${name}::text, (${includes[name](site.id, query)})`),
  ])}) as meta,
  ${is_exact(site.id)} as is_exact,
  (select max(beyond_retention(${site.id}, first_day, last_day, ${needsOf(query, source)}))
    from (${sql.join(rangesOf(compare), union)}) as days)::text as beyond_retention
from told`
}

/** What has to be there of the days of a question: see `beyond_retention` in 0005. */
const needsOf = ({ metrics, dimensions }: Query, source: Source): 'raw' | 'whole' | 'sums' => {
  if (source !== 'rollups') return 'raw'
  return metrics.includes('visitors') && !dimensions.some(isTime) ? 'whole' : 'sums'
}

/** The days that a question is about, and those before that it is compared with. */
const rangesOf = (compare: Query['compare']): RawBuilder<unknown>[] => [
  sql`select first_day, last_day from bounds`,
  ...(compare ? [sql`select ${daysBefore[compare]} from bounds`] : []),
]

const union = sql` union all `
