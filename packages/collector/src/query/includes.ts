import type { Query } from '@balise/shared/stats/query'
import { countedReasons } from '@balise/shared/wire/reply'
import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'

type Include = Query['include'][number]

/** What an answer may also tell, each as one JSON value, over the days that `told` names. */
export const includes: { [I in Include]: (site_id: number, query: Query) => RawBuilder<unknown> } = {
  total_rows: () => sql`
    select count(*) from found`,
  time_labels: (_, query) => {
    const { label, step } = clocks[query.dimensions.find(isTime) ?? 'time:day']
    return sql`
    select json_agg(label order by label) from (
      select distinct ${label(sql`moment`)} as label
      from generate_series(from_at, to_at - interval '1 microsecond', ${step}) as moment
    ) as labels`
  },
  refused: (site_id) => sql`
    select coalesce(json_object_agg(reason, count), '{}') from (
      select reason, sum(count) as count
      from refusals
      where site = ${site_id} and day between first_day and last_day and reason = any(${[...countedReasons]}::text[])
      group by reason
    ) as refused`,
}
