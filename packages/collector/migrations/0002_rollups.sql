-- Rollups: each answer to a common question, added up by day, so that a year is as quick as a day.
--
-- What an event adds to them depends on its visitor's other events and on nobody else's: which visit it belongs to, and
-- when its visitor was seen before. So a visitor is the unit: `contributions` tells what some visitors' events add up
-- to, and rollups are the sum of all visitors' contributions. When a visitor's events change, what they added before is
-- taken out and what they add now is put in. Late events, erasures and today's are one case.
--
-- Rollups hold what was stored by the transactions before `folds.upto`. A question adds what came since, exactly, from
-- the few visitors it came from. `fold` moves `upto` on.

create table rollups (
  site integer not null,
  dimension text not null, -- as in questions; 'total' for all, 'time:hour' for the day's hours
  day date not null,       -- on the site's clock
  value text not null,
  events integer not null,
  page_views integer not null,
  visits integer not null, -- those that begin on this day
  bounces integer not null,
  duration_ms bigint not null,
  -- Element k (from 0) is how many of the day's visitors were not seen on this value in the k days before; past its end
  -- the last one holds. So days a…b have the sum of unseen[day - a] distinct visitors: each counts on their first day.
  unseen integer[] not null,
  primary key (site, dimension, day, value)
);

create table folds (
  only_row boolean primary key default true check (only_row),
  upto bigint not null default 0,
  folded_at timestamptz not null default now()
);
insert into folds default values;

-- The longest pause within a visit. The browser's session decides where there is one, but it is not believed forever.
create function longest_pause(session uuid) returns interval
language sql immutable parallel safe
return case when session is null then interval '30 minutes' else interval '24 hours' end;

-- What the events of some visitors add to the rollups of a site, by day and value: those that were stored by a
-- transaction before `below`. `gap` is how many days before these visitors were last seen on the value; null is never.
create function contributions(of_site integer, of_visitors uuid[], below bigint, of_dimensions text[])
returns table (
  dimension text, day date, value text, gap integer, visitors bigint,
  events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint
)
language sql stable as $$
  with stepped as (
    select e.id, e.at, e.visitor, e.session, e.kind, e.page, e.origin, e.client, e.place, e.action,
      lag(e.at) over step is null or e.at - lag(e.at) over step > longest_pause(e.session) as starts
    from events as e
    where e.site = of_site and e.visitor = any (of_visitors) and e.stored_by < below
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

-- All that rollups are kept for.
create function rolled_up() returns text[]
language sql immutable
return array['total', 'time:hour', 'event:path', 'event:kind', 'event:name', 'event:endpoint', 'event:channel',
  'visit:source', 'visit:channel', 'visit:country', 'visit:browser', 'visit:os', 'visit:device', 'visit:entry_page'];

-- From how many visitors were last seen how many days before (null: never), to `rollups.unseen`.
create function unseen_of(gaps integer[], visitors bigint[]) returns integer[]
language sql immutable as $$
  select array_agg(still order by k)
  from (
    select k, coalesce(sum(n) filter (where gap is null or gap > k), 0)::integer as still
    from generate_series(0, (select coalesce(max(g), 0) from unnest(gaps) as g)) as k
    left join unnest(gaps, visitors) as u (gap, n) on true
    group by k
  ) as counted
$$;

-- Adds two `unseen`, and drops from the end what only repeats.
create function unseen_plus(a integer[], b integer[]) returns integer[]
language sql immutable as $$
  with added as (
    select k, a[least(k, cardinality(a))] + b[least(k, cardinality(b))] as still
    from generate_series(1, greatest(cardinality(a), cardinality(b))) as k
  ),
  marked as (
    select k, still, last_value(still) over (order by k rows between unbounded preceding and unbounded following) as last
    from added
  )
  select array_agg(still order by k) from marked
  where k <= 1 + coalesce((select max(k) from marked where still <> last), 0)
$$;

-- Puts what visitors' events add up to into the rollups (sign 1), or takes it out (sign -1).
create function apply_contributions(of_site integer, of_visitors uuid[], below bigint, sign integer) returns void
language sql as $$
  insert into rollups as r (site, dimension, day, value, events, page_views, visits, bounces, duration_ms, unseen)
  select of_site, dimension, day, value,
    sign * sum(events), sign * sum(page_views), sign * sum(visits), sign * sum(bounces), sign * sum(duration_ms),
    unseen_of(array_agg(gap), array_agg(sign * visitors))
  from contributions(of_site, of_visitors, below, rolled_up())
  group by dimension, day, value
  order by dimension, day, value
  on conflict (site, dimension, day, value) do update set
    events = r.events + excluded.events,
    page_views = r.page_views + excluded.page_views,
    visits = r.visits + excluded.visits,
    bounces = r.bounces + excluded.bounces,
    duration_ms = r.duration_ms + excluded.duration_ms,
    unseen = unseen_plus(r.unseen, excluded.unseen)
$$;

-- Folds what was stored since the last time into the rollups: about `events_max` events, in one transaction. Answers how
-- many events it folded; null where another one is folding. Whatever stops it, nothing is half done.
create function fold(events_max integer) returns integer
language plpgsql as $$
declare
  since bigint;
  until bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint; -- all transactions before it have ended
  cut bigint;
  tail record;
  folded integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('balise fold'), 0) then return null; end if;
  select upto into since from folds;

  -- Up to the transaction with which it would be too many, but at least the first one, which may have stored more.
  select greatest(stored_by, min(stored_by) over () + 1) into cut from events
  where stored_by >= since and stored_by < until
  order by stored_by offset events_max limit 1;
  until := coalesce(cut, until);

  for tail in
    select site, array_agg(distinct visitor) as visitors, count(*) as events
    from events where stored_by >= since and stored_by < until
    group by site order by site
  loop
    -- Like ingest: an erasure of this site waits for this, or this for it.
    perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), tail.site);
    perform apply_contributions(tail.site, tail.visitors, since, -1);
    perform apply_contributions(tail.site, tail.visitors, until, 1);
    folded := folded + tail.events;
  end loop;

  update folds set upto = until, folded_at = clock_timestamp();
  return folded;
end
$$;

-- As in 0001, and the person also leaves the rollups.
create or replace function erase(of_site integer, subject text, subjects uuid[], asked_by integer)
returns table (id uuid, at timestamptz, erased_events integer, suppressed integer)
language plpgsql as $$
#variable_conflict use_column
declare
  persons uuid[] := subjects;
  touched uuid[];
  folded_upto bigint;
  events_gone integer;
begin
  perform pg_advisory_xact_lock(hashtext('balise erasure'), of_site);

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

  select upto into folded_upto from folds;
  select array_agg(distinct visitor) into touched from events
  where site = of_site and (visitor = any(persons) or "user" = any(persons));

  perform apply_contributions(of_site, touched, folded_upto, -1);
  delete from events where site = of_site and (visitor = any(persons) or "user" = any(persons));
  get diagnostics events_gone = row_count;
  perform apply_contributions(of_site, touched, folded_upto, 1);
  delete from rollups where site = of_site and events = 0 and visits = 0;

  return query
  insert into erasures (site, subject, asked_by, erased_events, suppressed)
  values (of_site, subject, asked_by, events_gone, cardinality(persons))
  returning id, at, erased_events, suppressed;
end
$$;
