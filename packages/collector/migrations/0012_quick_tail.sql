-- What came since the last fold costs a question little more than what came.

-- What the visitors that came since add to the rollups of one dimension, less what rollups hold of them: as `unfolded_changes`
-- in 0006, but only what something came into is added up as it is now and as it was. Of all else a visitor did it only
-- matters when it was, since that tells for how long a value had not been seen: and no longer back than from `since` on, or
-- null where days are told apart anyhow. The plan names every partition: it is made once for a connection.
create function changes_since_fold(of_site integer, of_dimension text, since date)
returns table (
  day date, value text, gap integer, visitors bigint,
  events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint
)
language plpgsql stable parallel restricted
set plan_cache_mode = force_generic_plan set enable_nestloop = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  tail record;
  clock text := (select time_zone from sites where id = of_site);
  since_at timestamptz := coalesce(day_start(since, clock), 'infinity');
begin
  for tail in select * from waiting(of_site) loop
    return query
    with own as materialized (
      select id, at, visitor, session, session is null as alone, coalesce(session, visitor) as thread,
        kind, page, action, origin, client, place, stored_by >= tail.below as is_new
      from events
      where site = of_site and visitor = any (tail.visitors)
    ),
    -- No visit has events of two sessions. A session that is no longer than its longest pause is one visit.
    threads as materialized (
      select visitor, session is null as alone, coalesce(session, visitor) as thread, row_number() over () as visit,
        min(at) as first_at, max(at) as last_at,
        bool_or(is_new) as is_new, max(at) - min(at) <= longest_pause(session) as is_one_visit
      from own
      group by visitor, session
    ),
    stepped as (
      select own.*, lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
      from threads
      join own using (visitor, alone, thread)
      where threads.is_new or not is_one_visit
      window step as (partition by visitor, alone, thread order by at, id)
    ),
    numbered as materialized (
      select *, count(*) filter (where starts) over (order by visitor, alone, thread, at, id rows unbounded preceding) as visit
      from stepped
    ),
    touched as materialized (
      select * from numbered where visit in (select visit from numbered where is_new)
    ),
    -- What comes can join two visits, and never parts one: so what was is found within what is now.
    stepped_before as (
      select *, lag(at) over step is null or at - lag(at) over step > longest_pause(session) as started
      from touched
      where not is_new
      window step as (partition by visit order by at, id)
    ),
    -- Visits as they are now (side 1), as they were (-1), and those that nothing came into (0).
    sided as materialized (
      select 1 as side, visit, visitor, at, id, kind, page, action, origin, client, place, starts
      from touched
      union all
      select -1, count(*) filter (where started) over (order by visit, at, id rows unbounded preceding),
        visitor, at, id, kind, page, action, origin, client, place, started
      from stepped_before
      union all
      select 0, visit, visitor, at, id, kind, page, action, origin, client, place, starts
      from numbered
      where visit not in (select visit from touched)
    ),
    -- The sessions of other times: each of them a visit.
    past as materialized (
      select visit, visitor, alone, thread, first_at,
        (first_at at time zone clock)::date as first_day, (last_at at time zone clock)::date as last_day
      from threads
      where not is_new and is_one_visit
        and last_at >= (
          select least(since_at, day_start((min(at) at time zone clock)::date, clock)) from touched
        )
    ),
    entries as (
      select distinct on (side, visit) side, visit, page
      from sided
      where kind = 'page_view' and of_dimension = 'visit:entry_page'
      order by side, visit, at, id
    ),
    past_entries as (
      select distinct on (visit) visit, page
      from past join own using (visitor, alone, thread)
      where kind = 'page_view' and of_dimension = 'visit:entry_page'
      order by visit, at, id
    ),
    firsts as (
      select side, visit, origin, client, place, entries.page
      from sided
      left join entries using (side, visit)
      where starts
      union all
      (select distinct on (visit) null, visit, origin, client, place, past_entries.page
      from past
      join own using (visitor, alone, thread)
      left join past_entries using (visit)
      where at = first_at
      order by visit, id)
    ),
    named as (
      select side, visit,
        case of_dimension
          when 'total' then ''
          when 'visit:source' then
            coalesce((select source from origins where site = of_site and origins.id = firsts.origin), 'Direct')
          when 'visit:channel' then
            coalesce((select channel from origins where site = of_site and origins.id = firsts.origin), 'Direct')
          when 'visit:country' then
            coalesce((select country from places where site = of_site and places.id = firsts.place), '(unknown)')
          when 'visit:browser' then
            coalesce((select browser from clients where site = of_site and clients.id = firsts.client), '(unknown)')
          when 'visit:os' then
            coalesce((select os from clients where site = of_site and clients.id = firsts.client), '(unknown)')
          when 'visit:device' then
            coalesce((select device from clients where site = of_site and clients.id = firsts.client), '(unknown)')
          when 'visit:entry_page' then
            coalesce((select path from pages where site = of_site and pages.id = firsts.page), '(none)')
        end as value
      from firsts
      where of_dimension = 'total' or of_dimension like 'visit:%'
    ),
    told as (
      select side, visit, visitor, at at time zone clock as at, kind, page, action from sided
    ),
    by_visit as (
      select side, visit, visitor, at::date as day, count(*) as events, count(*) filter (where kind = 'page_view') as page_views
      from told where of_dimension = 'total' or of_dimension like 'visit:%' group by side, visit, visitor, day
    ),
    by_hour as (
      select side, visit, visitor, date_trunc('hour', at) as hour, count(*) as events,
        count(*) filter (where kind = 'page_view') as page_views
      from told where of_dimension = 'time:hour' group by side, visit, visitor, hour
    ),
    by_page as (
      select side, visit, visitor, at::date as day, page, count(*) as events,
        count(*) filter (where kind = 'page_view') as page_views
      from told where of_dimension = 'event:path' group by side, visit, visitor, day, page
    ),
    by_action as (
      select side, visit, visitor, at::date as day, kind, action, count(*) as events
      from told where of_dimension in ('event:kind', 'event:name', 'event:endpoint', 'event:channel')
      group by side, visit, visitor, day, kind, action
    ),
    spread as materialized (
      select side, visit, visitor, day, value, events, page_views from by_visit join named using (side, visit)
      union all
      select side, visit, visitor, hour::date, to_char(hour, 'YYYY-MM-DD"T"HH24:00'), events, page_views
      from by_hour
      union all
      select side, visit, visitor, day, coalesce(page.path, '(none)'), events, page_views
      from by_page
      left join pages as page on page.site = of_site and page.id = by_page.page
      union all
      select side, visit, visitor, day,
        case of_dimension
          when 'event:kind' then kind::text
          when 'event:name' then coalesce(action.name, '(none)')
          when 'event:endpoint' then coalesce(action.endpoint, '(none)')
          when 'event:channel' then coalesce(action.channel, '(none)')
        end,
        events, case when kind = 'page_view' then events else 0 end
      from by_action
      left join actions as action on action.site = of_site and action.id = by_action.action
    ),
    past_acts as (
      select distinct visitor, date_trunc('hour', at at time zone clock) as hour, kind, page, action
      from past
      join own using (visitor, alone, thread)
      where of_dimension = 'time:hour' or of_dimension like 'event:%'
    ),
    past_values as (
      select visitor, first_day as day, value
      from past
      join named on named.side is null and named.visit = past.visit
      union all
      select visitor, (at at time zone clock)::date, value
      from past
      join own using (visitor, alone, thread)
      join named on named.side is null and named.visit = past.visit
      where first_day < last_day
      union all
      select visitor, hour::date, case of_dimension
          when 'time:hour' then to_char(hour, 'YYYY-MM-DD"T"HH24:00')
          when 'event:kind' then kind::text
          when 'event:path' then coalesce((select path from pages where site = of_site and pages.id = page), '(none)')
          when 'event:name' then coalesce((select name from actions where site = of_site and actions.id = action), '(none)')
          when 'event:endpoint' then coalesce((select endpoint from actions where site = of_site and actions.id = action), '(none)')
          when 'event:channel' then coalesce((select channel from actions where site = of_site and actions.id = action), '(none)')
        end
      from past_acts
    ),
    seen as (
      select side, day, value, sum(events) as events, sum(page_views) as page_views,
        day - lag(day) over (partition by side, visitor, value order by day) as gap
      from (
        select side, visitor, value, day, events, page_views from spread where side <> 0
        union all
        select both_sides.side, visitor, value, day, 0, 0
        from (
          select visitor, value, day from spread where side = 0
          union all
          select visitor, value, day from past_values
        ) as elsewhere
        join (select distinct visitor, value from spread where side <> 0) as touched using (visitor, value)
        cross join (values (1), (-1)) as both_sides (side)
      ) as days
      group by side, visitor, value, day
    ),
    begun as (
      select side, visit, min(at) as started_at,
        round(extract(epoch from max(at) - min(at)) * 1000)::bigint as duration_ms,
        count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom')) as bounced
      from sided
      where side <> 0
      group by side, visit
    ),
    started as (
      select side, value, bounced, duration_ms, started_at at time zone clock as at
      from (
        -- A visit counts in the hour it begins in, and under each other value that it has.
        select distinct side, visit, case of_dimension when 'time:hour' then null else value end as value
        from spread
        where side <> 0
      ) as visited
      join begun using (side, visit)
    )
    select day, value, gap, sum(side), sum(side * events)::bigint, sum(side * page_views)::bigint, 0::bigint, 0::bigint, 0::bigint
    from seen
    group by day, value, gap
    having sum(side) <> 0 or sum(side * events) <> 0 or sum(side * page_views) <> 0
    union all
    select at::date, coalesce(value, to_char(at, 'YYYY-MM-DD"T"HH24:00')), null, 0, 0, 0,
      sum(side), coalesce(sum(side) filter (where bounced), 0), sum(side * duration_ms)::bigint
    from started
    group by 1, 2;
  end loop;
end
$$;

-- The events of each visit that something came into since the last fold. What is kept of such a visit is to be left aside: a
-- visit that began with one of these events.
create function fresh_visits(of_site integer)
returns table (
  at timestamptz, visitor uuid, session uuid, kind event_kind, path text, name text, endpoint text, channel text,
  starts boolean, started_at timestamptz, duration_ms numeric, bounced boolean,
  origin bigint, client bigint, place bigint, entry_path text
)
language plpgsql stable parallel restricted
set plan_cache_mode = force_generic_plan set enable_nestloop = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  tail record;
begin
  for tail in select * from waiting(of_site) loop
    return query
    with stepped as (
      select id, at, visitor, session, kind, page, origin, client, place, action, stored_by >= tail.below as is_new,
        lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
      from events
      where site = of_site and visitor = any (tail.visitors)
      window step as (partition by visitor, session order by at, id)
    ),
    numbered as (
      select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
      from stepped
    ),
    touched as (
      select *, bool_or(is_new) over (partition by visit) as is_touched from numbered
    ),
    visited as (
      select at, visitor, session, kind, page, action, starts,
        min(at) over whole as started_at,
        round(extract(epoch from max(at) over whole - min(at) over whole) * 1000) as duration_ms,
        count(*) filter (where kind = 'page_view') over whole < 2
          and count(*) filter (where kind in ('contact', 'custom')) over whole = 0 as bounced,
        first_value(origin) over whole as origin,
        first_value(client) over whole as client,
        first_value(place) over whole as place,
        (array_agg(page) filter (where kind = 'page_view') over whole)[1] as entry
      from touched
      where is_touched
      window whole as (partition by visit order by at, id rows between unbounded preceding and unbounded following)
    )
    select at, visitor, session, kind, page.path, action.name, action.endpoint, action.channel,
      starts, started_at, duration_ms, bounced, visited.origin, visited.client, visited.place, entry.path
    from visited
    left join pages as page on page.site = of_site and page.id = visited.page
    left join actions as action on action.site = of_site and action.id = visited.action
    left join pages as entry on entry.site = of_site and entry.id = visited.entry;
  end loop;
end
$$;

-- As in 0009. A question is answered before its expressions could be compiled: partitions make it look dearer than it is.
create or replace function as_site(of_site integer) returns void
language plpgsql as $$
begin
  if not exists (select from sites where id = of_site and lives_on is null) then
    raise exception 'a site does not live on this database' using errcode = '57M02', detail = of_site;
  end if;
  perform set_config('balise.site', of_site::text, true);
  perform set_config('jit', 'off', true);
  if to_regrole('balise_site') is not null and pg_has_role('balise_site', 'member') then
    perform set_config('role', 'balise_site', true);
  end if;
end
$$;
