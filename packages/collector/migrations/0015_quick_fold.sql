-- A fold costs what came, and little of what its visitors did at other times.

-- Every question and every fold looks into each partition. Those of a year to come have nothing in them, and are made again
-- when they are near.
do $$
declare
  part regclass;
  is_empty boolean;
begin
  for part in
    select relid from pg_partition_tree('events')
    where relid::text ~ '^events_\d{4}_\d{2}$'
      and relid::text > 'events_' || to_char(now() + interval '3 months', 'YYYY_MM')
  loop
    execute format('select not exists (select from %s)', part) into is_empty;
    if is_empty then execute format('drop table %s', part); end if;
  end loop;
end
$$;

-- They served collectors from before 0012.
drop function unfolded_changes;
drop function unfolded_visits;

-- What the rollups of some dimensions are to change by when what was stored from `since` on, and before `until`, is added to
-- what these visitors had done before. Only visits that something came into are added up, as they are now and as they were. Of
-- all else a visitor did it only matters on which days, since that tells for how long a value had not been seen: and no longer
-- back than from `seen_from` on, or null where days are told apart anyhow. `since` 0: all they ever did. The plan names every
-- partition, and nobody knows how many came: it is made once for a connection, without loops within loops, and by the index of
-- visitors, for `stored_by` is not told by an index to the event.
create function changes(
  of_site integer, of_visitors uuid[], since bigint, until bigint, of_dimensions text[], seen_from date
)
returns table (
  dimension text, day date, value text, gap integer, visitors bigint,
  events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint
)
language plpgsql stable parallel restricted
set plan_cache_mode = force_generic_plan set enable_nestloop = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  clock text := (select time_zone from sites where id = of_site);
  seen_from_at timestamptz := coalesce(day_start(seen_from, clock), 'infinity');
begin
  return query
  with own as materialized (
    select id, at, visitor, session, session is null as alone, coalesce(session, visitor) as thread,
      kind, page, action, origin, client, place, stored_by >= since as is_new
    from events
    where site = of_site and visitor = any (of_visitors) and (stored_by < until) is true
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
    select visit, visitor, alone, thread, first_at, last_at,
      (first_at at time zone clock)::date as first_day, (last_at at time zone clock)::date as last_day
    from threads
    where not is_new and is_one_visit
      and last_at >= (
        select least(seen_from_at, day_start((min(at) at time zone clock)::date, clock)) from touched
      )
  ),
  entries as (
    select distinct on (side, visit) side, visit, page
    from sided
    where kind = 'page_view' and 'visit:entry_page' = any (of_dimensions)
    order by side, visit, at, id
  ),
  past_entries as (
    select distinct on (visit) visit, page
    from past join own using (visitor, alone, thread)
    where kind = 'page_view' and 'visit:entry_page' = any (of_dimensions)
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
  named as materialized (
    select side, visit, dimension, value
    from firsts
    cross join lateral (values
      ('total', ''),
      ('visit:source', case when 'visit:source' = any (of_dimensions) then
        coalesce((select source from origins where site = of_site and origins.id = firsts.origin), 'Direct') end),
      ('visit:channel', case when 'visit:channel' = any (of_dimensions) then
        coalesce((select channel from origins where site = of_site and origins.id = firsts.origin), 'Direct') end),
      ('visit:country', case when 'visit:country' = any (of_dimensions) then
        coalesce((select country from places where site = of_site and places.id = firsts.place), '(unknown)') end),
      ('visit:browser', case when 'visit:browser' = any (of_dimensions) then
        coalesce((select browser from clients where site = of_site and clients.id = firsts.client), '(unknown)') end),
      ('visit:os', case when 'visit:os' = any (of_dimensions) then
        coalesce((select os from clients where site = of_site and clients.id = firsts.client), '(unknown)') end),
      ('visit:device', case when 'visit:device' = any (of_dimensions) then
        coalesce((select device from clients where site = of_site and clients.id = firsts.client), '(unknown)') end),
      ('visit:entry_page', case when 'visit:entry_page' = any (of_dimensions) then
        coalesce((select path from pages where site = of_site and pages.id = firsts.page), '(none)') end)
    ) as d (dimension, value)
    where dimension = any (of_dimensions)
  ),
  told as (
    select side, visit, visitor, at at time zone clock as at, kind, page, action from sided
  ),
  by_visit as (
    select side, visit, visitor, at::date as day, count(*) as events, count(*) filter (where kind = 'page_view') as page_views
    from told
    where of_dimensions && array['total', 'visit:source', 'visit:channel', 'visit:country', 'visit:browser', 'visit:os',
      'visit:device', 'visit:entry_page']
    group by side, visit, visitor, day
  ),
  by_hour as (
    select side, visit, visitor, date_trunc('hour', at) as hour, count(*) as events,
      count(*) filter (where kind = 'page_view') as page_views
    from told where 'time:hour' = any (of_dimensions) group by side, visit, visitor, hour
  ),
  by_page as (
    select side, visit, visitor, at::date as day, page, count(*) as events,
      count(*) filter (where kind = 'page_view') as page_views
    from told where 'event:path' = any (of_dimensions) group by side, visit, visitor, day, page
  ),
  by_action as (
    select side, visit, visitor, at::date as day, kind, action, count(*) as events
    from told where of_dimensions && array['event:kind', 'event:name', 'event:endpoint', 'event:channel']
    group by side, visit, visitor, day, kind, action
  ),
  spread as materialized (
    select side, visit, visitor, day, dimension, value, events, page_views from by_visit join named using (side, visit)
    union all
    select side, visit, visitor, hour::date, 'time:hour', to_char(hour, 'YYYY-MM-DD"T"HH24:00'), events, page_views
    from by_hour
    union all
    select side, visit, visitor, day, 'event:path', coalesce(page.path, '(none)'), events, page_views
    from by_page
    left join pages as page on page.site = of_site and page.id = by_page.page
    union all
    select side, visit, visitor, day, d.dimension, d.value, events, case when kind = 'page_view' then events else 0 end
    from by_action
    left join actions as action on action.site = of_site and action.id = by_action.action
    cross join lateral (values
      ('event:kind', kind::text),
      ('event:name', coalesce(action.name, '(none)')),
      ('event:endpoint', coalesce(action.endpoint, '(none)')),
      ('event:channel', coalesce(action.channel, '(none)'))
    ) as d (dimension, value)
    where d.dimension = any (of_dimensions)
  ),
  past_acts as materialized (
    select distinct visitor, (at at time zone clock)::date as day, kind, page, action
    from past
    join own using (visitor, alone, thread)
    where of_dimensions && array['event:path', 'event:kind', 'event:name', 'event:endpoint', 'event:channel']
  ),
  elsewhere as (
    select visitor, dimension, value, day from spread where side = 0
    union all
    select visitor, dimension, value, first_day
    from past
    join named on named.side is null and named.visit = past.visit
    union all
    select visitor, dimension, value, (at at time zone clock)::date
    from past
    join own using (visitor, alone, thread)
    join named on named.side is null and named.visit = past.visit
    where first_day < last_day
    union all
    -- No other day has this hour.
    select visitor, 'time:hour', to_char(hour, 'YYYY-MM-DD"T"HH24:00'), hour::date
    from (
      select distinct visitor, date_trunc('hour', at at time zone clock) as hour
      from past
      join own using (visitor, alone, thread)
      where 'time:hour' = any (of_dimensions) and last_at > (select min(at) - interval '1 day' from touched)
    ) as hours
    union all
    select visitor, 'event:path', coalesce(page.path, '(none)'), day
    from (select distinct visitor, page, day from past_acts where 'event:path' = any (of_dimensions)) as seen
    left join pages as page on page.site = of_site and page.id = seen.page
    union all
    select distinct visitor, 'event:kind', kind::text, day from past_acts where 'event:kind' = any (of_dimensions)
    union all
    select visitor, d.dimension, d.value, day
    from (
      select distinct visitor, action, day from past_acts
      where of_dimensions && array['event:name', 'event:endpoint', 'event:channel']
    ) as done
    left join actions as action on action.site = of_site and action.id = done.action
    cross join lateral (values
      ('event:name', coalesce(action.name, '(none)')),
      ('event:endpoint', coalesce(action.endpoint, '(none)')),
      ('event:channel', coalesce(action.channel, '(none)'))
    ) as d (dimension, value)
    where d.dimension = any (of_dimensions)
  ),
  -- The days on which a visitor has a value, now or before, and what that day has more or less of it.
  days as (
    select visitor, dimension, value, day, bool_or(side >= 0) as is_seen, bool_or(side <= 0) as was_seen,
      sum(side * events) as events, sum(side * page_views) as page_views
    from (
      select visitor, dimension, value, day, side, events, page_views from spread where side <> 0
      union all
      select visitor, dimension, value, day, 0, 0, 0
      from elsewhere
      join (select distinct visitor, dimension, value from spread where side <> 0) as touched
        using (visitor, dimension, value)
    ) as told
    group by visitor, dimension, value, day
  ),
  spaced as (
    select *, day - max(day) filter (where is_seen) over before as gap, day - max(day) filter (where was_seen) over before as gap_was
    from days
    window before as (partition by visitor, dimension, value order by day rows between unbounded preceding and 1 preceding)
  ),
  seen as (
    select dimension, day, value, d.*
    from spaced
    cross join lateral (values
      (gap, is_seen::integer, events, page_views),
      (gap_was, -was_seen::integer, 0, 0)
    ) as d (gap, visitors, events, page_views)
    where is_seen <> was_seen or spaced.gap is distinct from gap_was or spaced.events <> 0 or spaced.page_views <> 0
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
    select side, dimension, value, bounced, duration_ms, started_at at time zone clock as at
    from (
      -- A visit counts in the hour it begins in, and under each other value that it has.
      select distinct side, visit, dimension, case dimension when 'time:hour' then null else value end as value
      from spread
      where side <> 0
    ) as visited
    join begun using (side, visit)
  )
  select dimension, day, value, gap, sum(visitors)::bigint, sum(events)::bigint, sum(page_views)::bigint,
    0::bigint, 0::bigint, 0::bigint
  from seen
  group by dimension, day, value, gap
  having sum(visitors) <> 0 or sum(events) <> 0 or sum(page_views) <> 0
  union all
  select dimension, at::date, coalesce(value, to_char(at, 'YYYY-MM-DD"T"HH24:00')), null, 0, 0, 0,
    sum(side), coalesce(sum(side) filter (where bounced), 0), sum(side * duration_ms)::bigint
  from started
  group by 1, 2, 3;
end
$$;

-- As in 0006, planned once for a connection: it names every partition, and each question asks it.
create or replace function waiting(of_site integer) returns table (visitors uuid[], below bigint)
language plpgsql stable set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select f.* from (
    select array_agg(distinct visitor) as visitors from (
      select visitor from events
      where site = of_site and stored_by >= (select coalesce(until, upto) from folds)
      union all
      select visitor from unfolded where site = of_site
    ) as came
  ) as tail
  cross join folded_upto(of_site, tail.visitors) as f;
end
$$;

-- As in 0012, by the same arithmetic as the fold.
create or replace function changes_since_fold(of_site integer, of_dimension text, since date)
returns table (
  day date, value text, gap integer, visitors bigint,
  events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint
)
language sql stable parallel restricted as $$
  select c.day, c.value, c.gap, c.visitors, c.events, c.page_views, c.visits, c.bounces, c.duration_ms
  from waiting(of_site) as tail
  cross join lateral changes(
    of_site, tail.visitors, tail.below, 9223372036854775807, array[of_dimension], since -- above every transaction's number
  ) as c
$$;

-- As in 0013: takes out of the rollups what the events of some visitors from before `was` add up to, and puts in what those
-- from before `becomes` do, as far as they are of `since` or later. 0: nothing.
create or replace function change_rollups(of_site integer, of_visitors uuid[], was bigint, becomes bigint, since date)
returns void
language sql as $$
  with changed as (
    select spread.dimension, spread.day, value,
      sum(sign * events) as events, sum(sign * page_views) as page_views, sum(sign * visits) as visits,
      sum(sign * bounces) as bounces, sum(sign * duration_ms) as duration_ms,
      unseen_of(array_agg(spread.gap), array_agg(sign * spread.visitors)) as unseen
    from changes(of_site, of_visitors, least(was, becomes), greatest(was, becomes), rolled_up(), '-infinity') as c
    cross join (select sign(becomes - was)::integer) as way (sign)
    cross join lateral in_spans(c.dimension, c.day, c.gap, c.visitors) as spread
    where c.day >= since
    group by spread.dimension, spread.day, value
  )
  insert into rollups as r (site, dimension, day, value, events, page_views, visits, bounces, duration_ms, unseen)
  select of_site, dimension, day, value, events, page_views, visits, bounces, duration_ms, unseen
  from changed
  where events <> 0 or page_views <> 0 or visits <> 0 or bounces <> 0 or duration_ms <> 0 or 0 <> any (unseen)
  order by dimension, day, value
  on conflict (site, dimension, day, value) do update set
    events = r.events + excluded.events,
    page_views = r.page_views + excluded.page_views,
    visits = r.visits + excluded.visits,
    bounces = r.bounces + excluded.bounces,
    duration_ms = r.duration_ms + excluded.duration_ms,
    unseen = unseen_plus(r.unseen, excluded.unseen)
$$;

-- As in 0006. Only sessions that something came into are put in order; and a visit that was kept began with what was there.
create or replace function refresh_visits(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
language sql set plan_cache_mode = force_custom_plan as $$
  insert into deeds (site, page, action, kind, path, name, endpoint, channel)
  select of_site, done.page, done.action, done.kind, page.path, action.name, action.endpoint, action.channel
  from (
    select distinct page, coalesce(action, 0) as action, kind from events
    where site = of_site and visitor = any (of_visitors) and stored_by >= since and stored_by < until
  ) as done
  join pages as page on page.site = of_site and page.id = done.page
  left join actions as action on action.site = of_site and action.id = done.action
  where not exists (
    select from deeds as known
    where known.site = of_site and known.page = done.page and known.action = done.action and known.kind = done.kind)
  on conflict do nothing;

  with own as materialized (
    select id, at, visitor, session, session is null as alone, coalesce(session, visitor) as thread,
      kind, page, action, origin, client, place, stored_by >= since as is_new
    from events
    where site = of_site and visitor = any (of_visitors) and (stored_by < until) is true
  ),
  -- No visit has events of two sessions.
  stepped as (
    select *, lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
    from own
    join (select visitor, alone, thread from own group by visitor, alone, thread having bool_or(is_new)) as came
      using (visitor, alone, thread)
    window step as (partition by visitor, alone, thread order by at, id)
  ),
  numbered as materialized (
    select *, count(*) filter (where starts) over (order by visitor, alone, thread, at, id rows unbounded preceding) as visit
    from stepped
  ),
  -- Each once: a visit that does not end has thousands of events, and the planner may loop.
  touched as materialized (
    select visit from numbered group by visit having bool_or(is_new)
  ),
  told as (
    select numbered.*, deed.id as deed
    from touched
    join numbered using (visit)
    join deeds as deed on deed.site = of_site and deed.page = numbered.page and deed.kind = numbered.kind
      and deed.action = coalesce(numbered.action, 0)
  ),
  made as (
    select min(at) as started_at, max(at) as ended_at,
      max(origin) filter (where starts) as origin,
      max(client) filter (where starts) as client,
      max(place) filter (where starts) as place,
      visitor, session,
      (array_agg(deed order by at, id) filter (where kind = 'page_view'))[1] as entry,
      count(*) filter (where kind = 'page_view')::integer as page_views,
      array_agg(deed order by at, id) as deeds,
      array_agg(floor(extract(epoch from at)) order by at, id) as seconds,
      count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom')) as bounced
    from told
    group by visit, visitor, session
  ),
  gone as (
    -- What a visit began with had been stored before; where visits are made anew, all of it.
    delete from visits using told
    where (not told.is_new or since = 0)
      and visits.site = of_site and visits.started_at = told.at and visits.visitor = told.visitor
      and visits.session is not distinct from told.session
  )
  insert into visits
  select started_at, ended_at, origin, client, place, visitor, session, of_site, entry, page_views, deeds,
    case when date_trunc('hour', started_at at time zone time_zone) <> date_trunc('hour', ended_at at time zone time_zone)
      then array(select (second - seconds[1])::integer from unnest(seconds) as second) end,
    bounced
  from made
  cross join (select time_zone from sites where id = of_site) as clock
  order by started_at
$$;
