import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { type Asked, columnsOf, groupingOf } from './columns.ts'
import { conditionOf } from './condition.ts'
import { dimensions } from './dimensions.ts'
import type { Counted } from './metrics.ts'

/** How far around a range events are read, so that a visit across its edge is known whole. */
export const around_hours = 24

/**
 * Answers what is about visits: makes them out of the events in and around the range, then takes the events that fit
 * the filters, and counts each at its own moment, and each of their visits once at the moment it starts.
 *
 * `starts` marks a visit's first event, whose facts are the visit's. The session decides where there is one.
 */
export const fromVisits = ({ site_id, query, counts }: Asked): RawBuilder<unknown> => {
  const values = query.dimensions.filter((name) => !isTime(name))
  return sql`
  with stepped as (
    select id, at, visitor, session, kind, page, origin, client, place, action,
      lag(at) over step is null or (session is null and at - lag(at) over step > interval '30 minutes') as starts
    from bounds
    cross join events
    where site = ${site_id}
      and at >= read_from and at < read_to
      and (skewed or (id >= from_id and id < to_id))
    window step as (partition by visitor, session order by at, id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
    from stepped
  ),
  visits as (
    select visit, min(at) as started_at, extract(epoch from max(at) - min(at)) as seconds,
      count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom')) as bounced,
      max(origin) filter (where starts) as origin,
      max(client) filter (where starts) as client,
      max(place) filter (where starts) as place,
      (array_agg(page order by at, id) filter (where kind = 'page_view'))[1] as entry
    from numbered
    group by visit
  ),
  fitting as (
    select event.at, event.visitor, event.kind, visit, started_at, seconds, bounced${also(
      values.map((name) => sql`${dimensions[name].value} as ${sql.id(name)}`),
    )}
    from numbered as event
    join visits using (visit)
    left join pages as page on page.site = ${site_id} and page.id = event.page
    left join actions as action on action.site = ${site_id} and action.id = event.action
    left join origins as origin on origin.site = ${site_id} and origin.id = visits.origin
    left join clients as client on client.site = ${site_id} and client.id = visits.client
    left join places as place on place.site = ${site_id} and place.id = visits.place
    left join pages as entry on entry.site = ${site_id} and entry.id = visits.entry
    where ${query.filters ? conditionOf(query.filters) : sql`true`}
  ),
  counted as (
    ${sql.join(
      [...counts].map((counted) => rows[counted](also(values.map((name) => sql.id(name))))),
      sql` union all `,
    )}
  )
  select ${columnsOf(query, (name) => (isTime(name) ? clocks[name].label(sql`moment`) : sql.id(name)))}
  from bounds
  cross join counted
  where moment >= from_at and moment < to_at
  ${groupingOf(query)}`
}

const also = (columns: RawBuilder<unknown>[]): RawBuilder<unknown> => sql.join([sql``, ...columns])

/** The rows that metrics count: events as they are, each visit once for each combination of values it has. */
const rows: { [C in Counted]: (values: RawBuilder<unknown>) => RawBuilder<unknown> } = {
  events: (values) => sql`
    select at as moment, visitor, kind, null::bigint as visit, null::numeric as seconds, null::boolean as bounced${values}
    from fitting`,
  visits: (values) => sql`
    select distinct started_at as moment, null::uuid as visitor, null::event_kind as kind, visit, seconds, bounced${values}
    from fitting`,
}
