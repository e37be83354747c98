import { type RawBuilder, sql } from 'kysely'

/** How far around a range events are read, so that a visit across its edge is known whole. */
export const around_hours = 24

/**
 * The table expressions `numbered`, the events in and around the range with the number of their `visit`, and `visits`,
 * one row for each number.
 *
 * `starts` marks a visit's first event: the first of a session, or of a visitor after more than 30 minutes. Its facts
 * are the visit's, so whichever of them is asked for, only one event has a say.
 */
export const visitsOf = (site_id: number): RawBuilder<unknown> => sql`stepped as (
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
  )`
