-- A visit that goes on is told once, not as it was and as it is.

-- As in 0016. Of a visit that only grew, what was is part of what is: its events are told once, each with whether it was there
-- before. Only a visit that began otherwise, or was several, is taken back and told anew. And only what a visitor did not do on
-- a day before changes who is counted there: of all else nobody asks when it was done last.
create or replace function changes(
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
    union all
    select id, at, visitor, session, session is null, coalesce(session, visitor),
      kind, page, action, origin, client, place, true
    from packed_events_of(of_site, of_visitors, '-infinity')
    where since = 0
  ),
  -- No visit has events of two sessions. A session that is no longer than its longest pause is one visit.
  threads as materialized (
    select visitor, session is null as alone, coalesce(session, visitor) as thread, row_number() over () as visit,
      min(at) as first_at, max(at) as last_at,
      bool_or(is_new) as is_new, max(at) - min(at) <= longest_pause(session) as is_one_visit
    from own
    group by visitor, session
  ),
  -- Where visits start, and where they started before there was anything new.
  stepped as (
    select own.*,
      lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts,
      not own.is_new and (at - max(at) filter (where not own.is_new) over earlier <= longest_pause(session)) is not true as started
    from threads
    join own using (visitor, alone, thread)
    where threads.is_new or not is_one_visit
    window step as (partition by visitor, alone, thread order by at, id),
      earlier as (step rows between unbounded preceding and 1 preceding)
  ),
  numbered as materialized (
    select *, count(*) filter (where starts) over thus_far as visit, -count(*) filter (where started) over thus_far as visit_was
    from stepped
    window thus_far as (order by visitor, alone, thread, at, id rows unbounded preceding)
  ),
  -- A visit that something came into grew, unless it begins with something else now, or was several.
  touched as materialized (
    select visit, bool_or(not is_new) and (
        bool_or(starts and is_new)
        or count(*) filter (where started) > 1
        or 'visit:entry_page' = any (of_dimensions) and bool_or(is_new and kind = 'page_view')
          and (min(at) filter (where is_new and kind = 'page_view') > min(at) filter (where not is_new and kind = 'page_view')) is not true
      ) as is_another
    from numbered
    group by visit
    having bool_or(is_new)
  ),
  -- Events of visits as they are, as they were, or both.
  sided as materialized (
    select visit, visitor, at, id, kind, page, action, origin, client, place, starts,
      true as is_there, touched.visit is null or not (is_new or is_another) as was_there, touched.visit is not null as is_touched
    from numbered
    left join touched using (visit)
    union all
    select visit_was, visitor, at, id, kind, page, action, origin, client, place, started, false, true, true
    from numbered
    join touched using (visit)
    where is_another and not is_new
  ),
  seen_since as (
    select least(seen_from_at, day_start((min(at) at time zone clock)::date, clock)) as moment from sided where is_touched
  ),
  packed as materialized (
    select id, at, packed.visitor, session, false as alone, packed_id(visit_started_at, 1, session, packed.visitor) as thread,
      kind, page, action, origin, client, place
    from seen_since
    cross join lateral packed_events_of(of_site, of_visitors, moment) as packed
    where since > 0
  ),
  -- What was done at other times: sessions, each of them a visit, and packed visits.
  past as materialized (
    select visit, visitor, alone, thread, first_at, last_at,
      (first_at at time zone clock)::date as first_day, (last_at at time zone clock)::date as last_day
    from (
      select visit, visitor, alone, thread, first_at, last_at
      from threads
      where not is_new and is_one_visit
      union all
      select -row_number() over (), visitor, alone, thread, min(at), max(at)
      from packed
      group by visitor, alone, thread
    ) as visits
    where last_at >= (select moment from seen_since)
  ),
  past_own as not materialized (
    select id, at, visitor, alone, thread, kind, page, action, origin, client, place from own
    union all
    select id, at, visitor, alone, thread, kind, page, action, origin, client, place from packed
  ),
  entries as (
    select distinct on (visit) visit, page
    from sided
    where kind = 'page_view' and 'visit:entry_page' = any (of_dimensions)
    order by visit, at, id
  ),
  past_entries as (
    select distinct on (visit) visit, page
    from past join past_own using (visitor, alone, thread)
    where kind = 'page_view' and 'visit:entry_page' = any (of_dimensions)
    order by visit, at, id
  ),
  firsts as (
    select false as is_past, visit, origin, client, place, entries.page
    from sided
    left join entries using (visit)
    where starts
    union all
    (select distinct on (visit) true, visit, origin, client, place, past_entries.page
    from past
    join past_own using (visitor, alone, thread)
    left join past_entries using (visit)
    where at = first_at
    order by visit, id)
  ),
  named as materialized (
    select is_past, visit, dimension, value
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
    select visit, visitor, at at time zone clock as at, kind, page, action, is_there, was_there, is_touched,
      is_there::integer - was_there::integer as events, (kind = 'page_view')::integer * (is_there::integer - was_there::integer) as page_views
    from sided
  ),
  by_visit as (
    select visit, visitor, at::date as day, bool_or(is_there) as is_there, bool_or(was_there) as was_there, is_touched,
      sum(events) as events, sum(page_views) as page_views
    from told
    where of_dimensions && array['total', 'visit:source', 'visit:channel', 'visit:country', 'visit:browser', 'visit:os',
      'visit:device', 'visit:entry_page']
    group by visit, visitor, is_touched, day
  ),
  by_hour as (
    select visit, visitor, date_trunc('hour', at) as hour, bool_or(is_there) as is_there, bool_or(was_there) as was_there,
      is_touched, sum(events) as events, sum(page_views) as page_views
    from told where 'time:hour' = any (of_dimensions) group by visit, visitor, is_touched, hour
  ),
  by_page as (
    select visit, visitor, at::date as day, page, bool_or(is_there) as is_there, bool_or(was_there) as was_there, is_touched,
      sum(events) as events, sum(page_views) as page_views
    from told where 'event:path' = any (of_dimensions) group by visit, visitor, is_touched, day, page
  ),
  by_action as (
    select visit, visitor, at::date as day, kind, action, bool_or(is_there) as is_there, bool_or(was_there) as was_there,
      is_touched, sum(events) as events, sum(page_views) as page_views
    from told where of_dimensions && array['event:kind', 'event:name', 'event:endpoint', 'event:channel']
    group by visit, visitor, is_touched, day, kind, action
  ),
  spread as materialized (
    select visit, visitor, day, dimension, value, is_there, was_there, is_touched, events, page_views
    from by_visit
    join named using (visit)
    where not is_past
    union all
    select visit, visitor, hour::date, 'time:hour', to_char(hour, 'YYYY-MM-DD"T"HH24:00'), is_there, was_there, is_touched, events,
      page_views
    from by_hour
    union all
    select visit, visitor, day, 'event:path', coalesce(page.path, '(none)'), is_there, was_there, is_touched, events, page_views
    from by_page
    left join pages as page on page.site = of_site and page.id = by_page.page
    union all
    select visit, visitor, day, d.dimension, d.value, is_there, was_there, is_touched, events, page_views
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
  -- What was a visitor's on some day and is not, or is and was not.
  turned as materialized (
    select distinct visitor, dimension, value from spread where is_there <> was_there
  ),
  past_acts as materialized (
    select distinct visitor, (at at time zone clock)::date as day, kind, page, action
    from past
    join past_own using (visitor, alone, thread)
    where of_dimensions && array['event:path', 'event:kind', 'event:name', 'event:endpoint', 'event:channel']
  ),
  elsewhere as (
    select visitor, dimension, value, first_day as day
    from past
    join named on named.is_past and named.visit = past.visit
    union all
    select visitor, dimension, value, (at at time zone clock)::date
    from past
    join past_own using (visitor, alone, thread)
    join named on named.is_past and named.visit = past.visit
    where first_day < last_day
    union all
    -- No other day has this hour.
    select visitor, 'time:hour', to_char(hour, 'YYYY-MM-DD"T"HH24:00'), hour::date
    from (
      select distinct visitor, date_trunc('hour', at at time zone clock) as hour
      from past
      join past_own using (visitor, alone, thread)
      where 'time:hour' = any (of_dimensions) and last_at > (select min(at) - interval '1 day' from sided where is_touched)
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
  -- The days on which a visitor has such a value, now or before.
  days as (
    select visitor, dimension, value, day, bool_or(is_there) as is_seen, bool_or(was_there) as was_seen
    from (
      select visitor, dimension, value, day, is_there, was_there from spread
      union all
      select visitor, dimension, value, day, true, true from elsewhere
    ) as told
    join turned using (visitor, dimension, value)
    group by visitor, dimension, value, day
  ),
  spaced as (
    select *, day - max(day) filter (where is_seen) over before as gap, day - max(day) filter (where was_seen) over before as gap_was
    from days
    window before as (partition by visitor, dimension, value order by day rows between unbounded preceding and 1 preceding)
  ),
  begun as (
    select visit, min(at) as started_at,
      round(extract(epoch from max(at) filter (where is_there) - min(at) filter (where is_there)) * 1000)::bigint as duration_ms,
      round(extract(epoch from max(at) filter (where was_there) - min(at) filter (where was_there)) * 1000)::bigint as duration_ms_was,
      count(*) filter (where is_there and kind = 'page_view') < 2
        and not bool_or(is_there and kind in ('contact', 'custom')) as bounced,
      count(*) filter (where was_there and kind = 'page_view') < 2
        and not bool_or(was_there and kind in ('contact', 'custom')) as bounced_was
    from sided
    where is_touched
    group by visit
  ),
  started as (
    select dimension, value, started_at at time zone clock as at,
      is_there::integer - was_there::integer as visits,
      (is_there and bounced)::integer - (was_there and bounced_was)::integer as bounces,
      case when is_there then duration_ms else 0 end - case when was_there then duration_ms_was else 0 end as duration_ms
    from (
      -- A visit counts in the hour it begins in, and under each other value that it has.
      select visit, dimension, case dimension when 'time:hour' then null else value end as value,
        bool_or(is_there) as is_there, bool_or(was_there) as was_there
      from spread
      where is_touched
      group by 1, 2, 3
    ) as visited
    join begun using (visit)
  )
  select dimension, day, value, null::integer, 0::bigint, sum(events)::bigint, sum(page_views)::bigint, 0::bigint, 0::bigint, 0::bigint
  from spread
  where is_touched
  group by dimension, day, value
  having sum(events) <> 0 or sum(page_views) <> 0
  union all
  select dimension, day, value, d.gap, sum(d.visitors), 0, 0, 0, 0, 0
  from spaced
  cross join lateral (values (gap, is_seen::integer), (gap_was, -was_seen::integer)) as d (gap, visitors)
  where is_seen <> was_seen or spaced.gap is distinct from gap_was
  group by dimension, day, value, d.gap
  having sum(d.visitors) <> 0
  union all
  select dimension, at::date, coalesce(value, to_char(at, 'YYYY-MM-DD"T"HH24:00')), null, 0, 0, 0,
    sum(visits), sum(bounces), sum(duration_ms)::bigint
  from started
  group by 1, 2, 3;
end
$$;
