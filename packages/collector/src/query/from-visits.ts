import type { Query } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { type Asked, groupingOf, havingOf } from './columns.ts'
import { dimensions } from './dimensions.ts'
import { filtersOf } from './filters.ts'
import { type Counted, metrics, type Sum } from './metrics.ts'
import { factsOf } from './plan.ts'

/** The table expression `fresh`: the raw events of the few visitors that came since the last fold, with their visits. */
export const freshVisits = ({ site_id }: Asked): RawBuilder<unknown> => sql`fresh as materialized (
  select * from fresh_visits(${site_id})
)`

/**
 * Answers from visits as 0006 keeps them, but of the visitors in `fresh` from there.
 *
 * Where facts of visits are enough, a visit is one row that tells what it adds to each count; one that reaches over an
 * hour is a row for each of its events. Where facts of events are asked for, every event is a row; those that fit count,
 * and each of their visits once for each combination of values it has.
 */
export const fromVisits = ({ site_id, query, counts }: Asked): RawBuilder<unknown> => {
  const names = query.dimensions.filter((name) => !isTime(name))
  const values = names.map((name) => sql`${dimensions[name].value} as ${sql.id(name)}`)
  const counted = [...counts].map((what) => rows[what](also(names.map((name) => sql.id(name)))))
  const facts = factsOf(query)
  const fits = filtersOf({ site_id, query })
  const by_event = facts.some((name) => dimensions[name].of === 'events')
  return sql`
  with kept as not materialized (
    select * from visits
    where visits.site = ${site_id}
      and ${fits.kept}
      and (started_at < (select min(at) from fresh)
        or (started_at, ${whose}) not in (select at, ${whose} from fresh))
  ),
  whole as not materialized (
    select kept.* from bounds
    join kept on started_at >= from_at and started_at < to_at and ${isWhole(query)}
  ),
  parted as not materialized (
    select kept.*, date_trunc('second', started_at) + second * interval '1 second' as moment, deed_id, nth from bounds
    join kept on ended_at >= from_at and started_at < to_at and seconds is not null
      and not (started_at >= from_at and ${isWhole(query)})
    cross join unnest(deeds, seconds) with ordinality as step (deed_id, second, nth)
  ),
  came as not materialized (
    select fresh.* from fresh
    cross join lateral (select fresh.entry_path as path) as entry
    ${factsOfVisit(site_id, sql`fresh`)}
    where ${fits.fresh}
  ),
  done as (${by_event ? byEvent(site_id, facts.includes('visit:entry_page')) : byVisit(site_id)}
  ),
  fitting as (
    select moment, visitor, session, started_at, events, page_views, ${by_event ? sql`bounced` : sql`visits, bounces`}, duration_ms${also(values)}
    from done as event
    cross join lateral (select event.path) as page
    cross join lateral (select event.name, event.endpoint, event.channel) as action
    cross join lateral (select event.entry_path as path) as entry
    ${factsOfVisit(site_id, sql`event`)}
    where ${fits.event}
  ),
  counted as (
    ${by_event ? sql.join(counted, union) : sql`select * from fitting`}
  ),
  by_visitor as (
    select ${sql.join([
      ...query.dimensions.map(
        (name) => sql`${isTime(name) ? clocks[name].label(sql`moment`) : sql.id(name)} as ${sql.id(name)}`,
      ),
      sql`visitor`,
      ...sumsOf(query).map((name) => sql`sum(${sql.id(name)}) as ${sql.id(name)}`),
    ])}
    from bounds
    cross join counted
    where coalesce(moment >= from_at and moment < to_at, false)
    group by ${sql.join([...query.dimensions.map((name) => sql.id(name)), sql`visitor`])}
  )
  select ${sql.join([
    ...query.dimensions.map((name) => sql.id(name)),
    ...query.metrics.map(
      (name) => sql`${name === 'visitors' ? sql`count(visitor)` : metrics[name].rolled} as ${sql.id(name)}`,
    ),
  ])}
  from by_visitor
  ${groupingOf(query)}
  ${by_event || counts.has('events') ? sql`` : havingOf(query, counts)}`
}

/** What has to be added up for each visitor: no more, for there may be as many as there are pairs of visitor and value. */
const sumsOf = ({ metrics: asked }: Query): Sum[] => [...new Set(asked.flatMap((name) => metrics[name].sums))]

/** Names the origin, client and place of visits, or of their events. */
const factsOfVisit = (
  site_id: number,
  visits: RawBuilder<unknown>,
): RawBuilder<unknown> => sql`left join origins as origin on origin.site = ${site_id} and origin.id = ${visits}.origin
    left join clients as client on client.site = ${site_id} and client.id = ${visits}.client
    left join places as place on place.site = ${site_id} and place.id = ${visits}.place`

/**
 * Whether all of a visit lies in the range, and in one bucket of each time asked for, given that it begins in there. What
 * decides about most visits stands before `seconds`, for which a row has to be taken apart to its end.
 */
const isWhole = ({ dimensions }: Query): RawBuilder<boolean> => {
  const buckets = dimensions
    .filter(isTime)
    .map((name) => sql`${clocks[name].label(sql`started_at`)} = ${clocks[name].label(sql`ended_at`)}`)
  return sql`(ended_at < to_at or seconds is null)${sql.join(
    buckets.map((bucket) => sql` and (seconds is null or ${bucket})`),
    sql``,
  )}`
}

const byVisit = (site_id: number): RawBuilder<unknown> => sql`
    select started_at as moment, visitor, session, started_at, cardinality(deeds) as events, page_views,
      1 as visits, bounced::integer as bounces, ${duration_ms} as duration_ms,
      origin, client, place, entry.path as entry_path, ${no_deed}
    from whole
    left join ${deedsOf(site_id)} as entry on entry.id = whole.entry
    union all
    select moment, visitor, session, started_at, 1, (deed.kind = 'page_view')::integer,
      (nth = 1)::integer, (nth = 1 and bounced)::integer, case when nth = 1 then ${duration_ms} else 0 end,
      origin, client, place, entry.path, ${no_deed}
    from parted
    left join ${deedsOf(site_id)} as deed on deed.id = deed_id
    left join ${deedsOf(site_id)} as entry on entry.id = parted.entry
    union all
    select at, visitor, session, started_at, 1, (kind = 'page_view')::integer,
      starts::integer, (starts and bounced)::integer, case when starts then duration_ms::bigint else 0 end,
      origin, client, place, entry_path, ${no_deed}
    from came`

/** Unless entry pages are asked for, nothing is said of them: the planner would look them up for each event. */
const byEvent = (site_id: number, asks_entry: boolean): RawBuilder<unknown> => sql`
    select moment, visitor, session, started_at, 1 as events, (deed.kind = 'page_view')::integer as page_views,
      bounced, ${duration_ms} as duration_ms, origin, client, place,
      ${asks_entry ? sql`entry.path` : sql`null::text`} as entry_path, ${deed}
    from (
      select moment, ${carried}, unnest(deeds) as deed_id
      from (
        select started_at as moment, ${carried}, deeds from whole
        union all
        select moment, ${carried}, array[deed_id] from parted
      ) as steps
    ) as step
    join ${deedsOf(site_id)} as deed on deed.id = deed_id
    left join ${deedsOf(site_id)} as entry on entry.id = step.entry
    union all
    select at, visitor, session, started_at, 1, (kind = 'page_view')::integer,
      bounced, duration_ms::bigint, origin, client, place, entry_path, kind, path, name, endpoint, channel
    from came`

const deedsOf = (site_id: number): RawBuilder<unknown> =>
  sql`(select id, kind, path, name, endpoint, channel from deeds where site = ${site_id})`
const whose = sql`visitor, session is null, coalesce(session, visitor)`
/** To the nearest, in whole numbers: `numeric` would cost more than all else that is done with a visit. */
const duration_ms = sql`((date_part('epoch', ended_at - started_at) * 1000000)::bigint + 500) / 1000`
const carried = sql`visitor, session, started_at, ended_at, bounced, origin, client, place, entry`
const deed = sql`deed.kind, deed.path, deed.name, deed.endpoint, deed.channel`
const no_deed = sql`null::event_kind as kind, null::text as path, null::text as name, null::text as endpoint, null::text as channel`

/** What each event, and each visit, adds to the counts. */
const rows: { [C in Counted]: (values: RawBuilder<unknown>) => RawBuilder<unknown> } = {
  events: (
    values,
  ) => sql`select moment, visitor, events, page_views, 0 as visits, 0 as bounces, 0 as duration_ms${values}
    from fitting`,
  visits: (values) => sql`select started_at as moment, null::uuid as visitor, 0 as events, 0 as page_views,
      1 as visits, bounced::integer as bounces, duration_ms${values}
    from (select distinct visitor, session, started_at, bounced, duration_ms${values} from fitting) as visit`,
}

const union = sql`
    union all
    `

const also = (columns: RawBuilder<unknown>[]): RawBuilder<unknown> => sql.join([sql``, ...columns])
