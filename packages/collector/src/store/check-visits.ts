import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from './database.ts'

/** What is kept of a visit beside its visitor, its session and its start. */
export type Facts = {
  ended_at: string
  origin: string | null
  client: string
  place: string | null
  /** The path of its first page view. */
  entry: string | null
  page_views: number
  bounced: boolean
  /** What was done, in its order. */
  deeds: string[]
  /** When each of them was, in seconds since 1970, where the visit is not of one hour of the site's clock. */
  seconds: number[] | null
  /** Whether its bits are those of what was done, where it has any. */
  signed: boolean
}

/** A visit as it is kept, and as raw events give it; `null` where there is none. */
export type VisitDifference = {
  dimension: 'visits'
  day: string
  value: string
  rolled_up: Partial<Facts> | null
  counted: Facts | null
}

/**
 * Derives the visits of some visitors from their raw events anew, and compares them with those that are kept. Answers the
 * first that differs, or is kept twice; nothing when all are equal. What is not folded yet is left out of both.
 */
export const firstVisitThatDiffers = async (
  database: Kysely<Tables>,
  site_id: number,
  visitors: readonly string[],
): Promise<VisitDifference | undefined> => {
  const { rows } = await sql<VisitDifference>`
    with part as materialized (
      select unnest(visitors) as visitor, below
      from folded_upto(${site_id}, rolled_visitors(${site_id}, ${visitors}::uuid[]))
    ),
    stepped as (
      select event.*, at - lag(at) over step as pause
      from (
        select ${columns} from part
        join events using (visitor)
        where site = ${site_id} and (stored_by < below) is true
        union all
        select ${columns} from packed_events_of(${site_id}, ${visitors}::uuid[], '-infinity')
      ) as event
      window step as (partition by visitor, session order by at, id)
    ),
    numbered as (
      select *, count(*) filter (where pause > longest_pause(session)) over step as visit
      from stepped
      window step as (partition by visitor, session order by at, id)
    ),
    counted as (
      select visitor, session, min(at) as started_at, 1 as copy, ${facts({
        ended_at: sql`max(at)`,
        origin: sql`(array_agg(origin::text order by at, event.id))[1]`,
        client: sql`(array_agg(client::text order by at, event.id))[1]`,
        place: sql`(array_agg(place::text order by at, event.id))[1]`,
        entry: sql`(array_agg(path order by at, event.id) filter (where kind = 'page_view'))[1]`,
        page_views: sql`count(*) filter (where kind = 'page_view')`,
        bounced: sql`count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom'))`,
        deeds: sql`array_agg(concat_ws(' ', kind, page, coalesce(action, 0), path, name, endpoint, channel) order by at, event.id)`,
        seconds: sql`case when date_trunc('hour', min(at) at time zone time_zone) <> date_trunc('hour', max(at) at time zone time_zone)
          then array_agg(floor(extract(epoch from at)) order by at, event.id) end`,
        signed: sql`true`,
      })}
      from numbered as event
      join pages as shown on shown.site = ${site_id} and shown.id = event.page
      left join actions as acted on acted.site = ${site_id} and acted.id = event.action
      cross join (select time_zone from sites where id = ${site_id}) as clock
      group by visitor, session, visit, time_zone
    ),
    kept as (
      select visitor, session, started_at, row_number() over (partition by visitor, session, started_at) as copy, ${facts(
        {
          ended_at: sql`ended_at`,
          origin: sql`origin::text`,
          client: sql`client::text`,
          place: sql`place::text`,
          entry: sql`(select path from deeds as known where known.site = ${site_id} and known.id = entry)`,
          page_views: sql`page_views`,
          bounced: sql`bounced`,
          deeds: sql`(
          select array_agg(concat_ws(' ', kind, page, action, path, name, endpoint, channel) order by nth)
          from unnest(visit.deeds) with ordinality as listed (deed, nth)
          join deeds as known on known.site = ${site_id} and known.id = listed.deed)`,
          seconds: sql`(select array_agg(floor(extract(epoch from started_at)) + second) from unnest(seconds) as second)`,
          signed: sql`coalesce(signature = (
          select bit_or(known.signature) from deeds as known where known.site = ${site_id} and known.id = any (visit.deeds)), true)`,
        },
      )}
      from part
      join visits as visit using (visitor)
      where visit.site = ${site_id}
    )
    select 'visits' as dimension, coalesce(kept.started_at, counted.started_at)::text as day,
      coalesce(kept.visitor, counted.visitor)::text as value, kept.facts as rolled_up, counted.facts as counted
    from kept
    full join counted on kept.visitor = counted.visitor and kept.started_at = counted.started_at and kept.copy = counted.copy
      and coalesce(kept.session, kept.visitor) = coalesce(counted.session, counted.visitor)
    where kept.facts is distinct from counted.facts
    order by 2, 3
    limit 1
  `.execute(database)
  return rows[0]
}

/** The first visit that is kept of a visitor of whom there is no raw event any more, though those of its days are kept. */
export const firstVisitOfNobody = async (
  database: Kysely<Tables>,
  site_id: number,
): Promise<VisitDifference | undefined> => {
  const { rows } = await sql<VisitDifference>`
    select 'visits' as dimension, started_at::text as day, visitor::text as value,
      jsonb_build_object('ended_at', ended_at, 'page_views', page_views) as rolled_up, null as counted
    from sites
    join visits on visits.site = sites.id
    where sites.id = ${site_id}
      and ended_at >= coalesce(day_start(raw_from, time_zone), '-infinity')
      and not is_packed
      and not exists (select from events where events.site = ${site_id} and events.visitor = visits.visitor)
    order by started_at, visitor
    limit 1
  `.execute(database)
  return rows[0]
}

const columns = sql`id, at, visitor, session, kind, page, origin, client, place, action`

const facts = (of: { [Name in keyof Facts]: RawBuilder<unknown> }): RawBuilder<unknown> =>
  sql`jsonb_build_object(${sql.join(Object.entries(of).map(([name, value]) => sql`${sql.lit(name)}, ${value}`))}) as facts`
