import { type RawBuilder, sql } from 'kysely'
import type { Database } from './database.ts'
import type { Progress } from './moves.ts'

/** Some events as a batch that `store_events` takes; `last` is `null` where there are no more. */
export type Chunk = { batch: string; events: number; last: string | null }

type Part = { site: number; progress: Progress; events_max: number }

/**
 * Reads the next events of a round with the dimension rows they point to, in the order of their ids; a packed visit (0016) is
 * read as a whole when it is the turn of its first event.
 */
export const nextChunk = async (source: Database, part: Part): Promise<Chunk> => {
  const { site, progress } = part
  const { rows } = await sql<Chunk>`
    with ${progress.copied_before === '0' ? everything(part) : whatIsNew(part)}
    select
      json_build_object(
        'events', (select json_build_object(
          'site', json_agg(site), 'id', json_agg(id), 'at', json_agg(at), 'visitor', json_agg(visitor),
          'session', json_agg(session), 'user', json_agg("user"), 'page', json_agg(page), 'origin', json_agg(origin),
          'client', json_agg(client), 'place', json_agg(place), 'action', json_agg(action), 'kind', json_agg(kind),
          'known', json_agg(known), 'target', json_agg(target), 'duration_ms', json_agg(duration_ms),
          'bytes', json_agg(bytes), 'engaged_ms', json_agg(engaged_ms), 'scroll_percent', json_agg(scroll_percent),
          'amount', json_agg(amount), 'props', json_agg(props)
        ) from taken),
        'pages', (select json_agg(d) from pages as d where site = ${site} and id in (select page from taken)),
        'origins', (select json_agg(d) from origins as d where site = ${site} and id in (select origin from taken)),
        'actions', (select json_agg(d) from actions as d where site = ${site} and id in (select action from taken)),
        'clients', (select json_agg(d) from clients as d where site = ${site} and id in (select client from taken)),
        'places', (select json_agg(d) from places as d where site = ${site} and id in (select place from taken))
      )::text as batch,
      (select count(*) from taken)::integer as events,
      (select turn from taken order by turn desc limit 1) as last
  `.execute(source)
  const [chunk] = rows
  if (!chunk) throw new Error('a chunk is one row')
  return chunk
}

/** Stores a chunk where the site arrives. Storing it again is harmless. */
export const receiveChunk = async (target: Database, site: number, { batch }: Chunk): Promise<void> => {
  await sql`select store_arriving(${site}, ${batch}::json)`.execute(target)
}

const columns = sql`site, id, at, visitor, session, "user", page, origin, client, place, action, kind, known, target,
      duration_ms, bytes, engaged_ms, scroll_percent, amount, props`

/** The first round takes events that have rows and visits that are packed, no further than it has read of both. */
const everything = ({ site, progress, events_max }: Part): RawBuilder<unknown> => {
  const after = positionOf(progress)
  const visits_max = Math.ceil(events_max / 5)
  return sql`loose as materialized (
      select id as turn, ${columns} from events
      where site = ${site} and id > ${after} and stored_by < ${progress.ends_before}
      order by id limit ${events_max}
    ),
    packed as materialized (
      select turn, started_at, visitor, session from visits
      cross join lateral packed_id(started_at, 1, session, visitor) as turn
      where site = ${site} and is_packed
        and started_at >= uuidv7_time(${after}) - interval '1 millisecond' and turn > ${after}
      order by started_at fetch first ${visits_max} rows with ties
    ),
    reach as (
      select (array_agg(turn order by turn))[1] as turn from (
        select (array_agg(turn order by turn desc))[1] as turn from loose having count(*) = ${events_max}
        union all
        select (array_agg(turn order by turn desc))[1] from packed having count(*) >= ${visits_max}
      ) as ends
    ),
    taken as (
      select loose.* from loose, reach where reach.turn is null or loose.turn <= reach.turn
      union all
      select packed.turn, event.*
      from reach
      join packed on reach.turn is null or packed.turn <= reach.turn
      cross join lateral (
        select ${columns} from packed_events
        where site = ${site} and visit_started_at = packed.started_at and visitor = packed.visitor
          and session is not distinct from packed.session
      ) as event
    )`
}

/** What was stored since the last round has rows: nothing is packed while a copy is made. */
const whatIsNew = ({ site, progress, events_max }: Part): RawBuilder<unknown> => sql`fresh as materialized (
      select id as turn, ${columns} from events
      where site = ${site} and stored_by >= ${progress.copied_before} and stored_by < ${progress.ends_before}
    ),
    taken as (
      select * from fresh where turn > ${positionOf(progress)} order by turn limit ${events_max}
    )`

const positionOf = ({ position }: Progress): string => position ?? '00000000-0000-0000-0000-000000000000'
