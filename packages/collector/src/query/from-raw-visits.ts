import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { type Asked, columnsOf, groupingOf } from './columns.ts'
import { conditionOf } from './condition.ts'
import { dimensions } from './dimensions.ts'
import type { Counted } from './metrics.ts'
import { visitsOf } from './visits.ts'

/**
 * Answers what is about visits: takes the events that fit the filters, with the facts of their visits, and counts each
 * event at its own moment and each of their visits once at the moment it starts.
 */
export const fromRawVisits = ({ site_id, query, counts }: Asked): RawBuilder<unknown> => {
  const names = query.dimensions.filter((name) => !isTime(name))
  const values = names.map((name) => sql`${dimensions[name].value} as ${sql.id(name)}`)
  const counted = [...counts].map((what) => rows[what](also(names.map((name) => sql.id(name)))))
  return sql`
  with ${visitsOf(site_id)},
  fitting as (
    select event.at, event.visitor, event.kind, visit, started_at, seconds, bounced${also(values)}
    from visited as event
    left join pages as page on page.site = ${site_id} and page.id = event.page
    left join actions as action on action.site = ${site_id} and action.id = event.action
    left join origins as origin on origin.site = ${site_id} and origin.id = event.origin
    left join clients as client on client.site = ${site_id} and client.id = event.client
    left join places as place on place.site = ${site_id} and place.id = event.place
    left join pages as entry on entry.site = ${site_id} and entry.id = event.entry
    where ${query.filters ? conditionOf(query.filters) : sql`true`}
  ),
  counted as (
    ${sql.join(counted, union)}
  )
  select ${columnsOf(query, (name) => (isTime(name) ? clocks[name].label(sql`moment`) : sql.id(name)))}
  from bounds
  cross join counted
  where moment >= from_at and moment < to_at
  ${groupingOf(query)}`
}

/** The rows that metrics count: events as they are, each visit once for each combination of values it has. */
const rows: { [C in Counted]: (values: RawBuilder<unknown>) => RawBuilder<unknown> } = {
  events: (values) => sql`select at as moment, visitor, kind,
      null::bigint as visit, null::numeric as seconds, null::boolean as bounced${values}
    from fitting`,
  visits: (values) => sql`select distinct started_at as moment, null::uuid as visitor, null::event_kind as kind,
      visit, seconds, bounced${values}
    from fitting`,
}

const union = sql`
    union all
    `

const also = (columns: RawBuilder<unknown>[]): RawBuilder<unknown> => sql.join([sql``, ...columns])
