import { type RawBuilder, sql } from 'kysely'
import { eventsIn } from './events.ts'

/** How far around a range events are read: the longest pause there can be in a visit, see `longest_pause` in 0002. */
export const around_hours = 24

const columns = sql`id, at, visitor, session, kind, page, origin, client, place, action`
const reaching = sql`array(select distinct visitor from near where is_outside)`

/**
 * The table expression `visited`: the events in and around the range, each with the number and the facts of its visit.
 * (Windows and no join: what a filter leaves of the visits cannot be foreseen, and the planner would loop over them.)
 *
 * A visit that reaches out of the range has an event within the longest pause of its edge. Of the few visitors who have
 * one there, all other events are read too (`far`), so that each visit is known whole, however long it is.
 *
 * `starts` marks a visit's first event: the first of a visitor's session after its longest pause. Its facts are the
 * visit's.
 */
export const visitsOf = (
  site_id: number,
): RawBuilder<unknown> => sql`near as (${eventsIn(site_id, sql`${columns}, at < from_at or at >= to_at as is_outside`)}
  ),
  far as (
    select ${columns}, true
    from bounds
    cross join events
    where site = ${site_id} and visitor = any(${reaching}) and (at < read_from or at >= read_to)
    union all
    select ${columns}, true
    from bounds
    cross join packed_events_of(${site_id}, ${reaching}, '-infinity')
    where at < read_from or at >= read_to
  ),
  stepped as (
    select *, lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
    from (select * from near union all select * from far) as events
    window step as (partition by visitor, session order by at, id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
    from stepped
  ),
  visited as (
    select at, visitor, kind, page, action, visit,
      min(at) over whole as started_at,
      extract(epoch from max(at) over whole - min(at) over whole) as seconds,
      count(*) filter (where kind = 'page_view') over whole < 2
        and count(*) filter (where kind in ('contact', 'custom')) over whole = 0 as bounced,
      first_value(origin) over whole as origin,
      first_value(client) over whole as client,
      first_value(place) over whole as place,
      (array_agg(page) filter (where kind = 'page_view') over whole)[1] as entry
    from numbered
    window whole as (partition by visit order by at, id rows between unbounded preceding and unbounded following)
  )`
