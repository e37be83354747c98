-- What nothing can come into any more is packed: a visit carries its events itself, and their rows with two indexes go.
--
-- An event arrives 31 days late at most, and waits in a queue for four. So what is older than 36 days is taken no more
-- (`packs.closed_before`), and a visit older by two more, which is as long as one may last and pause, is told in full by its row
-- in `visits`: to the deeds comes when each of them was, and what else its event had. Ids go: none will be compared again.
-- What is packed is still a raw event, which `packed_events` tells: only how it lies there has changed.

-- How far a site is packed.
create table packs (
  site integer primary key references sites on delete cascade,
  closed_before timestamptz not null, -- what was before it is refused
  closed_by bigint not null, -- by all that was begun after this transaction
  upto timestamptz not null default '-infinity' -- visits that began until then have been looked at
);

alter table visits rename to visits_loose;
alter index visits_started rename to visits_loose_started;
alter index visits_ended rename to visits_loose_ended;
alter table visits_loose disable row level security;
drop policy if exists one_site on visits_loose;
do $$
begin
  if to_regrole('balise_site') is not null then revoke select on visits_loose from balise_site; end if;
end
$$;

-- The columns after `is_packed` are lists with an element for each event, in the order of deeds; null where all elements are.
alter table visits_loose
  add column is_packed boolean not null default false,
  add column known boolean,
  add column ms integer[], -- after the visit's start
  add column origins bigint[], -- the first one's is the visit's
  add column clients bigint[], -- null: the visit's
  add column places bigint[], -- null: the visit's
  add column users uuid[],
  add column targets uuid[],
  add column durations_ms integer[],
  add column bytes integer[],
  add column engaged_ms integer[],
  add column scroll_percents smallint[],
  add column amounts numeric(21,6)[],
  add column props jsonb[];

create table visits (like visits_loose including defaults) partition by list (is_packed);
create table visits_packed (like visits_loose including defaults) partition by range (started_at);
alter table visits attach partition visits_loose for values in (false);
alter table visits attach partition visits_packed for values in (true);
create index visits_started on visits (site, started_at);
create index visits_ended on visits (site, ended_at) where seconds is not null;
create index visits_packed_visitor on visits_packed (site, visitor);
create index visits_packed_users on visits_packed using gin (users) where users is not null;

-- The id of a packed visit's nth event, the same whenever it is told: its time, its number, and what is random in the name of
-- its session. (Not said to be immutable, since what it calls is not, and Postgres would call it for each event.)
create function packed_id(at timestamptz, nth bigint, session uuid, visitor uuid) returns uuid
language sql stable parallel safe as $$
  select encode(
    int8send(((extract(epoch from at) * 1000)::bigint << 16) | (7 << 12) | nth) || substr(uuid_send(coalesce(session, visitor)), 9),
    'hex')::uuid
$$;

-- The events of packed visits, as `events` would have them. Whoever asks for a range of time asks for visits that began in it,
-- or up to a day before.
create view packed_events with (security_invoker = true) as
select
  moment.at, deed.page, case when nth = 1 or visits.clients is null then visits.client else told.client end as client,
  case when nth = 1 then visits.origin else told.origin end as origin,
  case when nth = 1 or visits.places is null then visits.place else told.place end as place,
  nullif(deed.action, 0) as action, told.bytes::bigint as bytes, 0::bigint as stored_by,
  packed_id(moment.at, nth, visits.session, visits.visitor) as id,
  visits.visitor, visits.session, told."user", told.target, visits.site, deed.kind, told.duration_ms, told.engaged_ms,
  told.scroll_percent, visits.known, false as skewed, told.amount, told.props, visits.started_at as visit_started_at
from visits
cross join lateral unnest(
  visits.deeds, visits.ms, visits.origins, visits.clients, visits.places, visits.users, visits.targets, visits.durations_ms,
  visits.bytes, visits.engaged_ms, visits.scroll_percents, visits.amounts, visits.props
) with ordinality as told (
  deed, ms, origin, client, place, "user", target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props, nth
)
join deeds as deed on deed.site = visits.site and deed.id = told.deed
cross join lateral (select visits.started_at + told.ms * interval '1 millisecond' as at) as moment
where visits.is_packed;

-- Those of some visitors, of visits that had not ended before a moment, looked up one by one, whatever the planner is told where
-- they are asked for.
create function packed_events_of(of_site integer, of_visitors uuid[], since timestamptz) returns setof packed_events
language plpgsql stable parallel restricted
set plan_cache_mode = force_generic_plan set enable_nestloop = on set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return query select * from packed_events
  where site = of_site and visitor = any (of_visitors) and visit_started_at >= since - interval '24 hours';
end
$$;

-- The visitors that come after this one, who did about so many events.
create function visitors_after(of_site integer, after uuid, events_max integer, out visitors uuid[], out events integer)
language sql stable as $$
  with told as (
    (select visitor, 1 as events from events where site = of_site and visitor > after order by visitor limit events_max)
    union all
    (select visitor, cardinality(deeds) from visits
    where site = of_site and is_packed and visitor > after order by visitor limit events_max)
  ),
  counted as (
    select visitor, sum(events) as events, sum(sum(events)) over (order by visitor) - sum(events) as before
    from told group by visitor
  )
  select array_agg(visitor order by visitor), coalesce(sum(events), 0)::integer from counted where before < events_max
$$;

-- As in 0015. Nothing comes into a packed visit: it is one of those of other times, and its events are read from there. Only where
-- all is asked for that was ever done (`since` 0) they are events like others.
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
  seen_since as (
    select least(seen_from_at, day_start((min(at) at time zone clock)::date, clock)) as moment from touched
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
    select distinct on (side, visit) side, visit, page
    from sided
    where kind = 'page_view' and 'visit:entry_page' = any (of_dimensions)
    order by side, visit, at, id
  ),
  past_entries as (
    select distinct on (visit) visit, page
    from past join past_own using (visitor, alone, thread)
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
    join past_own using (visitor, alone, thread)
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
    join past_own using (visitor, alone, thread)
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
    join past_own using (visitor, alone, thread)
    join named on named.side is null and named.visit = past.visit
    where first_day < last_day
    union all
    -- No other day has this hour.
    select visitor, 'time:hour', to_char(hour, 'YYYY-MM-DD"T"HH24:00'), hour::date
    from (
      select distinct visitor, date_trunc('hour', at at time zone clock) as hour
      from past
      join past_own using (visitor, alone, thread)
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

-- As in 0002.
create or replace function contributions(of_site integer, of_visitors uuid[], below bigint, of_dimensions text[])
returns table (
  dimension text, day date, value text, gap integer, visitors bigint,
  events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint
)
language sql stable as $$
  with stepped as (
    select e.id, e.at, e.visitor, e.session, e.kind, e.page, e.origin, e.client, e.place, e.action,
      lag(e.at) over step is null or e.at - lag(e.at) over step > longest_pause(e.session) as starts
    from (
      select id, at, visitor, session, kind, page, origin, client, place, action
      from events
      where site = of_site and visitor = any (of_visitors) and stored_by < below
      union all
      select id, at, visitor, session, kind, page, origin, client, place, action
      from packed_events_of(of_site, of_visitors, '-infinity')
    ) as e
    window step as (partition by e.visitor, e.session order by e.at, e.id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
    from stepped
  ),
  begun as (
    select visit, min(at) as started_at, round(extract(epoch from max(at) - min(at)) * 1000)::bigint as duration_ms,
      count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom')) as bounced,
      max(origin) filter (where starts) as origin,
      max(client) filter (where starts) as client,
      max(place) filter (where starts) as place,
      (array_agg(page order by at, id) filter (where kind = 'page_view'))[1] as entry
    from numbered
    group by visit
  ),
  told as (
    select visitor, visit, kind, page, action, at at time zone (select time_zone from sites where id = of_site) as at
    from numbered
  ),
  -- What lies in one visit and one day is added up before it is spread over the dimensions: visits have many events.
  by_visit as (
    select visitor, visit, at::date as day, count(*) as events, count(*) filter (where kind = 'page_view') as page_views
    from told group by visitor, visit, day
  ),
  by_hour as (
    select visitor, visit, date_trunc('hour', at) as hour, count(*) as events,
      count(*) filter (where kind = 'page_view') as page_views
    from told where 'time:hour' = any (of_dimensions) group by visitor, visit, hour
  ),
  by_page as (
    select visitor, visit, at::date as day, page, count(*) as events,
      count(*) filter (where kind = 'page_view') as page_views
    from told where 'event:path' = any (of_dimensions) group by visitor, visit, day, page
  ),
  by_action as (
    select visitor, visit, at::date as day, kind, action, count(*) as events
    from told where of_dimensions && array['event:kind', 'event:name', 'event:endpoint', 'event:channel']
    group by visitor, visit, day, kind, action
  ),
  spread as (
    select visitor, visit, day, d.*, events, page_views
    from by_visit
    join begun using (visit)
    left join origins as origin on origin.site = of_site and origin.id = begun.origin
    left join clients as client on client.site = of_site and client.id = begun.client
    left join places as place on place.site = of_site and place.id = begun.place
    left join pages as entry on entry.site = of_site and entry.id = begun.entry
    cross join lateral (values
      ('total', ''),
      ('visit:source', coalesce(origin.source, 'Direct')),
      ('visit:channel', coalesce(origin.channel, 'Direct')),
      ('visit:country', coalesce(place.country, '(unknown)')),
      ('visit:browser', coalesce(client.browser, '(unknown)')),
      ('visit:os', coalesce(client.os, '(unknown)')),
      ('visit:device', coalesce(client.device, '(unknown)')),
      ('visit:entry_page', coalesce(entry.path, '(none)'))
    ) as d (dimension, value)
    where d.dimension = any (of_dimensions)
    union all
    select visitor, visit, hour::date, 'time:hour', to_char(hour, 'YYYY-MM-DD"T"HH24:00'), events, page_views
    from by_hour
    union all
    select visitor, visit, day, 'event:path', coalesce(page.path, '(none)'), events, page_views
    from by_page
    left join pages as page on page.site = of_site and page.id = by_page.page
    union all
    select visitor, visit, day, d.*, events, case when kind = 'page_view' then events else 0 end
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
  seen as (
    select dimension, day, value, sum(events) as events, sum(page_views) as page_views,
      day - lag(day) over (partition by visitor, dimension, value order by day) as gap
    from spread
    group by visitor, dimension, value, day
  ),
  visited as (
    select distinct dimension, visit,
      -- A visit counts in the hour it begins in, and under each other value that it has.
      case dimension when 'time:hour' then null else value end as value
    from spread
  ),
  started as (
    select *, started_at at time zone (select time_zone from sites where id = of_site) as at
    from visited join begun using (visit)
  )
  select dimension, day, value, gap, count(*), sum(events)::bigint, sum(page_views)::bigint, 0, 0, 0
  from seen
  group by dimension, day, value, gap
  union all
  select dimension, at::date, coalesce(value, to_char(at, 'YYYY-MM-DD"T"HH24:00')), null, 0, 0, 0,
    count(*), count(*) filter (where bounced), sum(duration_ms)::bigint
  from started
  group by 1, 2, 3
$$;

-- As in 0015. What is packed stays as it is: nothing comes into it.
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
      and visits.site = of_site and not visits.is_packed and visits.started_at = told.at and visits.visitor = told.visitor
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

-- The other way: what some visitors' packed visits carry becomes events again, and the visits are as they were before.
create function unpack(of_site integer, of_visitors uuid[], since timestamptz, until timestamptz) returns void
language sql as $$
  insert into events (at, page, client, origin, place, action, bytes, stored_by, id, visitor, session, "user", target, site,
    kind, duration_ms, engaged_ms, scroll_percent, known, skewed, amount, props)
  select at, page, client, origin, place, action, bytes, stored_by, id, visitor, session, "user", target, site,
    kind, duration_ms, engaged_ms, scroll_percent, known, skewed, amount, props
  from packed_events
  where site = of_site and visitor = any (of_visitors) and visit_started_at >= since and visit_started_at < until;

  with taken as (
    delete from visits
    where site = of_site and is_packed and visitor = any (of_visitors) and started_at >= since and started_at < until
    returning *
  )
  insert into visits (started_at, ended_at, origin, client, place, visitor, session, site, entry, page_views, deeds, seconds,
    bounced)
  select started_at, ended_at, origin, client, place, visitor, session, site, entry, page_views, deeds, seconds, bounced
  from taken
$$;

-- Makes the partitions that visits are packed into.
create function prepare_packed(first timestamptz, last timestamptz) returns void
language plpgsql as $$
declare
  month timestamp := date_trunc('month', first at time zone 'UTC');
  name text;
begin
  while month <= last at time zone 'UTC' loop
    name := 'visits_packed_' || to_char(month, 'YYYY_MM');
    if to_regclass(name) is null then
      execute format('create table %I (like visits_packed including defaults including constraints)', name);
      execute format('alter table visits_packed attach partition %I for values from (%L) to (%L)',
        name, month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
    end if;
    month := month + interval '1 month';
  end loop;
end
$$;

-- One step of packing at a moment: a site is closed for what came too late to be packed, or its next visits with about `events_max`
-- events are packed. Answers how many events it looked at, at least 1; 0 when nothing is to be done, null where another process
-- folds, retains or packs. What a visit cannot carry stays as it lies: when it is longer than a day or than 4,095 events, the id
-- of one is a day off its time, or something is about to be folded into it.
create function pack_step(as_of timestamptz, events_max integer) returns integer
language plpgsql set lock_timeout = '2s' set jit = off as $$
declare
  -- A clock that is ahead closes nothing.
  closes timestamptz := date_trunc('day', least(as_of, now()) at time zone 'UTC') at time zone 'UTC' - interval '36 days';
  ended bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint; -- all transactions before it have ended
  next record;
  due record;
  coming uuid[];
  from_id uuid;
  to_id uuid;
begin
  if not pg_try_advisory_xact_lock(hashtext('balise fold'), 0) then return null; end if;

  select id as site, upto, closed_before, is_closed into next
  from (
    select id, coalesce(upto, '-infinity') as upto, greatest(closed_before, closes) as closed_before,
      coalesce(closed_before >= closes, false) as is_closed, closed_by
    from sites
    left join packs on packs.site = id
    where lives_on is null
      and not exists (select from refolds where refolds.site = id)
      and not exists (select from copies where copies.site = id)
  ) as packed
  where (not is_closed or closed_by < ended)
    and exists (
      select from visits_loose as v
      where v.site = id and v.started_at > upto and v.started_at < closed_before - interval '48 hours')
  order by id
  limit 1;
  if not found then return 0; end if;

  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), next.site);
  if not next.is_closed then
    insert into packs (site, closed_before, closed_by)
    values (next.site, next.closed_before, pg_current_xact_id()::text::bigint)
    on conflict (site) do update set closed_before = excluded.closed_before, closed_by = excluded.closed_by;
    return 1;
  end if;

  select array_agg(ctid) as rows, min(started_at) as first, max(started_at) as last, sum(events)::integer as events into due
  from (
    select *, sum(events) over (order by started_at) - sum(events) over (partition by started_at) as before
    from (
      select ctid, started_at, cardinality(deeds) as events from visits_loose
      where site = next.site and started_at > next.upto and started_at < next.closed_before - interval '48 hours'
      order by started_at fetch first events_max rows with ties
    ) as first_ones
  ) as counted
  where before < events_max;
  perform prepare_packed(due.first, due.last);
  perform set_config('balise.packing', 'on', true);
  coming := array(select unnest(visitors) from waiting(next.site));
  from_id := uuidv7_floor(due.first - interval '24 hours');
  to_id := uuidv7_floor(due.last + interval '48 hours');

  with told as materialized (
    select visit.ctid as row, started_at, ended_at, visit.origin, visit.client, visit.place, visitor, session, site, entry,
      page_views, deeds, seconds, bounced, carried.*
    from visits_loose as visit
    cross join lateral (
      select array_agg(id) as ids, bool_and(known) as known,
        count(*) = cardinality(visit.deeds) and bool_and(known) = bool_or(known)
          and bool_and(not skewed and at = date_trunc('milliseconds', at) and coalesce(bytes, 0) <= 2147483647) as is_whole,
        array_agg((extract(epoch from at - visit.started_at) * 1000)::integer) as ms,
        case when count(origin) > num_nonnulls(visit.origin) then array_agg(origin) end as origins,
        case when bool_or(client <> visit.client) then array_agg(client) end as clients,
        case when bool_or(place is distinct from visit.place) then array_agg(place) end as places,
        case when count("user") > 0 then array_agg("user") end as users,
        case when count(target) > 0 then array_agg(target) end as targets,
        case when count(duration_ms) > 0 then array_agg(duration_ms) end as durations_ms,
        case when count(bytes) > 0 then array_agg(bytes::integer) end as bytes,
        case when count(engaged_ms) > 0 then array_agg(engaged_ms) end as engaged_ms,
        case when count(scroll_percent) > 0 then array_agg(scroll_percent) end as scroll_percents,
        case when count(amount) > 0 then array_agg(amount) end as amounts,
        case when count(props) > 0 then array_agg(props) end as props
      from (
        select * from events
        where site = next.site and visitor = visit.visitor and session is not distinct from visit.session
          and at between visit.started_at and visit.ended_at and id >= from_id and id < to_id
        order by at, id
      ) as event
    ) as carried
    where visit.ctid = any (due.rows) and is_whole
      and ended_at - started_at <= interval '24 hours' and cardinality(deeds) < 4096 and visitor <> all (coming)
  ),
  events_gone as (
    delete from events
    where site = next.site and id = any (array(select unnest(ids) from told)) and id >= from_id and id < to_id
  ),
  visits_gone as (
    delete from visits_loose where ctid = any (array(select row from told))
  )
  insert into visits_packed
  select started_at, ended_at, origin, client, place, visitor, session, site, entry, page_views, deeds, seconds, bounced, true,
    known, ms, origins, clients, places, users, targets, durations_ms, bytes, engaged_ms, scroll_percents, amounts, props
  from told
  order by started_at;

  update packs set upto = due.last where site = next.site;
  perform set_config('balise.packing', '', true);
  return due.events;
end
$$;

-- As in 0006, but for events that are packed: their visits stay.
create or replace function visits_follow_events() returns trigger
language plpgsql as $$
begin
  delete from visits using gone
  where visits.site = gone.site and not visits.is_packed and visits.started_at = gone.at and visits.visitor = gone.visitor;

  perform refresh_visits(left_over.site, folded.visitors, 0, folded.below)
  from (select site, array_agg(distinct visitor) as visitors from gone group by site) as left_over
  cross join lateral folded_upto(left_over.site, rolled_visitors(left_over.site, left_over.visitors)) as folded;
  return null;
end
$$;
drop trigger events_gone on events;
create trigger events_gone after delete on events referencing old table as gone
for each statement when (current_setting('balise.packing', true) is distinct from 'on')
execute function visits_follow_events();

-- As in 0005. What would belong to packed visits is too old as well.
create or replace function refuse_too_old() returns trigger
language plpgsql as $$
declare
  clock text;
begin
  if new.stored_by <> pg_current_xact_id()::text::bigint then return new; end if;
  -- Nor are those of a site that arrives here (0008): it was asked where it came from.
  select time_zone into clock from sites
  left join packs on packs.site = id
  where id = new.site and (new.at < day_start(raw_from, time_zone) or new.at < closed_before)
    and not coalesce((to_jsonb(sites) ->> 'arrives')::boolean, false);
  if not found then return new; end if;
  insert into refusals (site, day, reason, count) values (new.site, (now() at time zone clock)::date, 'too_old', 1)
  on conflict (site, day, reason) do update set count = refusals.count + 1;
  return null;
end
$$;

-- As in 0004, of events that are not packed.
create or replace function erase(of_site integer, subject text, subjects uuid[], asked_by integer)
returns table (id uuid, at timestamptz, erased_events integer, suppressed integer)
language plpgsql as $$
#variable_conflict use_column
declare
  persons uuid[] := subjects;
  touched uuid[];
  events_gone integer;
begin
  perform pg_advisory_xact_lock(hashtext('balise erasure'), of_site);

  perform unpack(of_site, array(
    select distinct visitor from visits where site = of_site and is_packed and (visitor = any (subjects) or users && subjects)
  ), '-infinity', 'infinity');

  if subject = 'user' then
    select subjects || array_agg(visitor) into persons from (
      select visitor from events as e
      where site = of_site and "user" = any(subjects) and known
      group by visitor
      having not exists (
        select from events as other
        where other.site = of_site and other.visitor = e.visitor and other."user" <> all(subjects))
    ) as devices;
  end if;

  insert into suppressions (site, subject)
  select of_site, person from unnest(persons) as person order by person
  on conflict do nothing;

  select array_agg(distinct visitor) into touched from events
  where site = of_site and (visitor = any(persons) or "user" = any(persons));
  touched := rolled_visitors(of_site, touched);

  perform apply_contributions(of_site, visitors, below, -1) from folded_upto(of_site, touched);
  delete from events where site = of_site and (visitor = any(persons) or "user" = any(persons));
  get diagnostics events_gone = row_count;
  perform apply_contributions(of_site, visitors, below, 1) from folded_upto(of_site, touched);
  delete from rollups where site = of_site and events = 0 and visits = 0;
  delete from unfolded where site = of_site and visitor = any(persons);

  return query
  insert into erasures (site, subject, asked_by, erased_events, suppressed)
  values (of_site, subject, asked_by, events_gone, cardinality(persons))
  returning id, at, erased_events, suppressed;
end
$$;

-- When each event of a packed visit was, as `visits` tells it.
create function seconds_of(started_at timestamptz, ended_at timestamptz, ms integer[], on_clock text) returns integer[]
language sql stable as $$
  select case when date_trunc('hour', started_at at time zone on_clock) <> date_trunc('hour', ended_at at time zone on_clock)
    then array(
      select (floor(extract(epoch from started_at + after * interval '1 millisecond')) - floor(extract(epoch from started_at)))::integer
      from unnest(ms) with ordinality as step (after, nth) order by nth
    ) end
$$;

-- As in 0005. Packed visits stay, on the new clock.
create or replace function refold(events_max integer) returns integer
language plpgsql as $$
declare
  state refolds;
  kept_until date;
  next record;
  part record;
  emptied integer;
begin
  if not pg_try_advisory_xact_lock(hashtext('balise fold'), 0) then return null; end if;
  -- Who changes the site's clock meanwhile waits here, and then begins anew.
  select * into state from refolds order by asked_at, site limit 1 for update;
  if not found then return 0; end if;
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), state.site);

  if not state.is_empty then
    select coalesce(raw_from, '-infinity') into kept_until from sites where id = state.site;
    delete from rollups where ctid = any (array(
      select ctid from rollups where site = state.site and day >= kept_until limit 20000));
    get diagnostics emptied = row_count;
    update refolds set is_empty = emptied < 20000 where site = state.site;
    return greatest(emptied, 1);
  end if;

  next := visitors_after(state.site, coalesce(state.upto, '00000000-0000-0000-0000-000000000000'), events_max);
  if next.visitors is null then
    delete from refolds where site = state.site;
    return 1;
  end if;
  for part in select * from folded_upto(state.site, next.visitors) loop
    perform refresh_rollups(state.site, part.visitors, 0, part.below);
  end loop;
  update visits set seconds = seconds_of(started_at, ended_at, ms, time_zone)
  from sites
  where site = state.site and is_packed and visitor = any (next.visitors) and sites.id = state.site
    and seconds is distinct from seconds_of(started_at, ended_at, ms, time_zone);
  update refolds set upto = next.visitors[cardinality(next.visitors)] where site = state.site;
  return next.events;
end
$$;

-- The day before which all is that a partition holds.
create function partition_end(part regclass) returns date
language sql stable as $$
  select (case when part::text like 'events%' then uuidv7_time(bound::uuid) else bound::timestamptz end at time zone 'UTC')::date
  from pg_class
  cross join lateral substring(pg_get_expr(relpartbound, oid) from 'TO \(''(.*)''\)') as bound
  where oid = part
$$;

-- Whether a site wants what a partition holds. What is left of days whose visits are packed is not worth a partition with its
-- indexes, unless it is much.
create function is_wanted(part regclass, ends date) returns boolean
language plpgsql stable as $$
declare
  wanting record;
  left_over integer := 0;
  rows integer;
begin
  for wanting in
    select id, part::text like 'events%' and coalesce(upto >= ends + interval '1 day', false) as is_packed
    from sites
    left join packs on packs.site = id
    where raw_from is null or raw_from < ends
  loop
    execute format('select count(*) from (select from only %s where site = $1 limit $2) as counted', part)
    into rows using wanting.id, case when wanting.is_packed then 50001 else 1 end;
    left_over := left_over + rows;
    if left_over > 50000 or (rows > 0 and not wanting.is_packed) then return true; end if;
  end loop;
  return false;
end
$$;

-- As in 0005, for the partitions of packed visits too.
create or replace function expired_partition() returns regclass
language sql stable as $$
  select relid
  from (
    select relid from pg_partition_tree('events') where isleaf and relid <> 'events_default'::regclass
    union all
    select relid from pg_partition_tree('visits_packed') where isleaf
  ) as parts
  cross join lateral partition_end(relid) as ends
  where ends <= now() and not is_wanted(relid, ends)
  order by ends, relid::text
  limit 1
$$;

-- Drops a partition of packed visits that no site wants, but for those that reach over the border of a site's first month.
create function drop_packed(part regclass) returns void
language plpgsql as $$
declare
  wanted record;
  reaching record;
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), id) from sites order by id;
  for wanted in
    select id, day_start(raw_from, time_zone) as begins from sites where raw_from is not null order by id
  loop
    execute format('
      with reaching as (
        select visitor, session, started_at from %s
        where site = $1 and started_at >= $2 - interval ''24 hours'' and ended_at >= $2
      ),
      noted as (
        insert into border_visits select $1, * from reaching
      )
      select array_agg(distinct visitor) as visitors, min(started_at) as first, max(started_at) as last from reaching', part)
    into reaching using wanted.id, wanted.begins;
    execute format('delete from %s where site = $1 and visitor = any ($2) and ended_at < $3', part)
    using wanted.id, reaching.visitors, wanted.begins;
    perform unpack(wanted.id, reaching.visitors, reaching.first, reaching.last + interval '1 microsecond');
  end loop;
  execute format('alter table visits_packed detach partition %s', part);
  execute format('drop table %s', part);
end
$$;

-- As in 0014. What is left of days whose visits are packed lies in the default partition then.
create or replace function drop_partition(part regclass) returns void
language plpgsql as $$
declare
  wanted record;
begin
  if part in (select relid from pg_partition_tree('visits_packed')) then
    perform drop_packed(part);
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('balise partitions'));
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), id) from sites order by id;
  execute format('alter table events detach partition %s', part);
  for wanted in
    select id, coalesce(day_start(raw_from, time_zone), '1970-01-02') as begins from sites order by id
  loop
    execute format(
      'insert into events
       select * from %1$s where site = $1 and at >= $2 and (skewed or id >= $3)
       union all
       select e.* from border_visits as b
       join %1$s as e on e.site = b.site and e.visitor = b.visitor and e.session is not distinct from b.session
       where b.site = $1 and e.at >= b.from_at and e.at < $2', part)
    using wanted.id, wanted.begins, uuidv7_floor(wanted.begins - interval '24 hours');
  end loop;
  execute format('drop table %s', part);
  -- A walk through the pages of all partitions begins anew: rows have moved.
  update folds set collected_part = null, collected_file = null, collected_blocks = null;
end
$$;

-- As in 0014, with visits in more than one table.
create or replace function retain_step(as_of timestamptz, rows_max integer) returns integer
language plpgsql set lock_timeout = '2s' as $$
declare
  part regclass;
  sweep record;
  gone integer := 0;
begin
  -- Who folds tells differences between two statements: nothing may go in between.
  if not pg_try_advisory_xact_lock(hashtext('balise fold'), 0) then return null; end if;
  perform move_retention(id, as_of) from sites where retention_months is not null order by id;

  part := expired_partition();
  if part is not null then
    perform drop_partition(part);
    return 1;
  end if;

  for sweep in
    select id, sums_from, day_start(raw_from, time_zone) as begins
    from sites where not is_swept order by id limit 1
  loop
    perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), sweep.id);
    delete from events where site = sweep.id and id = any (array(
      select id from events
      where site = sweep.id and id < uuidv7_floor(sweep.begins + interval '24 hours') and not skewed
        and at < sweep.begins and is_expired(site, visitor, session, at, sweep.begins)
      limit rows_max));
    get diagnostics gone = row_count;
    if gone = 0 then
      delete from events where site = sweep.id and id = any (array(
        select id from events
        where site = sweep.id and skewed and at < sweep.begins
          and is_expired(site, visitor, session, at, sweep.begins)
        limit rows_max));
      get diagnostics gone = row_count;
    end if;
    -- What 0006 makes of raw events names their visitors too.
    if gone = 0 then
      delete from visits using (
        select tableoid as lies_in, ctid as lies_at from visits
        where site = sweep.id and started_at < sweep.begins and ended_at < sweep.begins limit rows_max
      ) as expired
      where visits.site = sweep.id and visits.tableoid = lies_in and visits.ctid = lies_at;
      get diagnostics gone = row_count;
    end if;
    if gone = 0 and sweep.sums_from is not null then
      delete from rollups where ctid = any (array(
        select ctid from rollups where site = sweep.id and day < sweep.sums_from limit rows_max));
      get diagnostics gone = row_count;
    end if;
    if gone = 0 then update sites set is_swept = true where id = sweep.id; end if;
    return greatest(gone, 1);
  end loop;
  return 0;
end
$$;

-- The first of the ten days or so that a partition of events is for: so there is never much in one that is packed already.
create function ten_days_of(day date) returns date
language sql immutable as $$
  select date_trunc('month', day::timestamp)::date + 10 * least(2, (extract(day from day)::integer - 1) / 10)
$$;

-- As in 0001, for ten days at a time. A month that has a partition keeps it.
create or replace function prepare_partitions(first date, last date) returns void
language plpgsql as $$
declare
  day date := ten_days_of(first);
  ends date;
  name text;
  from_id uuid;
  to_id uuid;
begin
  perform pg_advisory_xact_lock(hashtext('balise partitions'));
  while day <= last loop
    ends := ten_days_of(day + 11);
    name := 'events_' || to_char(day, 'YYYY_MM_DD');
    if to_regclass(name) is null and to_regclass('events_' || to_char(day, 'YYYY_MM')) is null then
      from_id := uuidv7_floor(day::timestamp at time zone 'UTC');
      to_id := uuidv7_floor(ends::timestamp at time zone 'UTC');
      execute format('create table %I (like events including defaults including constraints)', name);
      execute format('with moved as (delete from events_default where id >= %L and id < %L returning *)
        insert into %I select * from moved', from_id, to_id, name);
      execute format('alter table events attach partition %I for values from (%L) to (%L)', name, from_id, to_id);
    end if;
    day := ends;
  end loop;
end
$$;

do $$
declare
  part regclass;
  is_empty boolean;
begin
  for part in select relid from pg_partition_tree('events') where relid::text ~ '^events_\d{4}_\d{2}$' loop
    execute format('select not exists (select from %s)', part) into is_empty;
    if is_empty then execute format('drop table %s', part); end if;
  end loop;
  perform prepare_partitions((now() - interval '31 days')::date, (now() + interval '1 month')::date);
end
$$;
