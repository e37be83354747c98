import { type RawBuilder, sql } from 'kysely'

/** How far around a range events are read: the longest pause there can be in a visit, see `longest_pause` in 0002. */
export const around_hours = 24

/**
 * The table expressions `numbered`, the events in and around the range with the number of their `visit`, and `visits`,
 * one row for each number.
 *
 * A visit that reaches out of the range has an event within the longest pause of its edge. Of the few visitors who have
 * one there, all other events are read too (`far`), so that each visit is known whole, however long it is.
 *
 * `starts` marks a visit's first event: the first of a visitor's session after its longest pause. Its facts are the
 * visit's, so whichever of them is asked for, only one event has a say.
 */
export const visitsOf = (site_id: number): RawBuilder<unknown> => sql`near as (
    select id, at, visitor, session, kind, page, origin, client, place, action,
      at < from_at or at >= to_at as is_outside
    from bounds
    cross join events
    where site = ${site_id}
      and at >= read_from and at < read_to
      and (skewed or (id >= from_id and id < to_id))
  ),
  far as (
    select id, at, visitor, session, kind, page, origin, client, place, action, true
    from bounds
    cross join events
    where site = ${site_id}
      and visitor = any(array(select distinct visitor from near where is_outside))
      and (at < read_from or at >= read_to)
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
  visits as (
    select visit, min(at) as started_at, extract(epoch from max(at) - min(at)) as seconds,
      count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom')) as bounced,
      max(origin) filter (where starts) as origin,
      max(client) filter (where starts) as client,
      max(place) filter (where starts) as place,
      (array_agg(page order by at, id) filter (where kind = 'page_view'))[1] as entry
    from numbered
    group by visit
  )`
