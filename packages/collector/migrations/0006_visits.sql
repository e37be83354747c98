-- Visits, for the questions that no rollup holds: several filters at once, or one panel under the filter of another.
--
-- A visit is one row with what its visitor did, event by event, each told by a number: a deed. So a question reads some
-- twenty bytes an event instead of 140, finds the facts of a visit beside its events, and sorts nothing.
--
-- Like rollups, visits hold what was stored before the fold's bound, are made anew from raw events whenever those of
-- their visitor change, and are never the only copy of a fact.

-- What can be done at a site, as far as questions tell it apart.
create table deeds (
  site integer not null,
  id integer generated always as identity,
  page bigint not null,
  action bigint not null, -- 0: none
  kind event_kind not null,
  path text not null,
  name text,
  endpoint text,
  channel text,
  primary key (site, id),
  unique (site, page, action, kind)
);

create table visits (
  started_at timestamptz not null,
  ended_at timestamptz not null,
  origin bigint,
  client bigint not null,
  place bigint,
  visitor uuid not null,
  session uuid, -- with its visitor and its start, what tells a visit from all others
  site integer not null,
  entry integer, -- the deed of its first page view
  page_views integer not null,
  deeds integer[] not null, -- in the order of time
  -- When each of them was, in seconds after that of the start. Null where all lie in one hour of the site's clock: then
  -- the start is as good.
  seconds integer[],
  bounced boolean not null
);
create index visits_started on visits (site, started_at);
-- A visit that reaches into a range from before it.
create index visits_ended on visits (site, ended_at) where seconds is not null;

-- Makes the visits of some visitors anew that hold what was stored from `since` until before `until`; the others are as
-- they were. `since` 0 makes all of theirs.
create function refresh_visits(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
language sql as $$
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

  with stepped as (
    select e.id, e.at, e.visitor, e.session, e.kind, e.page, e.origin, e.client, e.place, e.action, e.stored_by,
      lag(e.at) over step is null or e.at - lag(e.at) over step > longest_pause(e.session) as starts
    from events as e
    where e.site = of_site and e.visitor = any (of_visitors) and e.stored_by < until
    window step as (partition by e.visitor, e.session order by e.at, e.id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
    from stepped
  ),
  touched as (
    select visit from numbered group by visit having max(stored_by) >= since
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
    delete from visits using told
    where visits.site = of_site and visits.started_at = told.at and visits.visitor = told.visitor
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

-- What questions add to what is folded, from the visitors that came since. Both keep their plans, which name every
-- partition: making them costs more than carrying them out.

-- What these visitors add to the rollups of one dimension now (sign 1), and what rollups hold of them (sign -1).
create function unfolded_changes(of_site integer, of_dimension text)
returns table (
  sign integer, day date, value text, gap integer, visitors bigint,
  events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint
)
language plpgsql stable parallel restricted as $$
#variable_conflict use_column
declare
  tail record;
begin
  for tail in select * from waiting(of_site) loop
    return query
    select 1, day, value, gap, visitors, events, page_views, visits, bounces, duration_ms
    from contributions(of_site, tail.visitors, 9223372036854775807, array[of_dimension]) -- above every transaction's number
    union all
    select -1, day, value, gap, visitors, events, page_views, visits, bounces, duration_ms
    from contributions(of_site, tail.visitors, tail.below, array[of_dimension]);
  end loop;
end
$$;

-- All events of these visitors, each with its visit. The visits that are kept of them are to be left aside.
create function unfolded_visits(of_site integer)
returns table (
  at timestamptz, visitor uuid, session uuid, kind event_kind, path text, name text, endpoint text, channel text,
  starts boolean, started_at timestamptz, duration_ms numeric, bounced boolean,
  origin bigint, client bigint, place bigint, entry_path text
)
language plpgsql stable parallel restricted as $$
#variable_conflict use_column
declare
  came uuid[] := array(select unnest(visitors) from waiting(of_site));
begin
  return query
  with stepped as (
    select id, at, visitor, session, kind, page, origin, client, place, action,
      lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
    from events
    where site = of_site and visitor = any (came)
    window step as (partition by visitor, session order by at, id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
    from stepped
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
    from numbered
    window whole as (partition by visit order by at, id rows between unbounded preceding and unbounded following)
  )
  select at, visitor, session, kind, page.path, action.name, action.endpoint, action.channel,
    starts, started_at, duration_ms, bounced, visited.origin, visited.client, visited.place, entry.path
  from visited
  left join pages as page on page.site = of_site and page.id = visited.page
  left join actions as action on action.site = of_site and action.id = visited.action
  left join pages as entry on entry.site = of_site and entry.id = visited.entry;
end
$$;

-- Questions over visits read much, and may do so in parallel.
alter function is_folded(integer, text) parallel restricted;

-- Whoever brings the rollups of some visitors up to date brings their visits along.
alter function refresh_rollups(integer, uuid[], bigint, bigint) rename to refresh_counts;
create function refresh_rollups(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
language plpgsql as $$
begin
  perform refresh_counts(of_site, of_visitors, since, until);
  perform refresh_visits(of_site, of_visitors, since, until);
end
$$;

-- Whoever deletes events, their visits go along, and those that are left over are made anew. (Each visit began with one of
-- its visitor's events. A partition that is dropped tells nobody: who drops it takes the visits away.)
create function visits_follow_events() returns trigger
language plpgsql as $$
begin
  delete from visits using gone
  where visits.site = gone.site and visits.started_at = gone.at and visits.visitor = gone.visitor;

  perform refresh_visits(left_over.site, folded.visitors, 0, folded.below)
  from (select site, array_agg(distinct visitor) as visitors from gone group by site) as left_over
  cross join lateral folded_upto(left_over.site, rolled_visitors(left_over.site, left_over.visitors)) as folded;
  return null;
end
$$;
create trigger events_gone after delete on events referencing old table as gone
for each statement execute function visits_follow_events();

-- A step takes visitors off `unfolded`, and so does an erasure, under its site's lock: so a step takes the lock first, or
-- each of the two would wait for the other.
alter function fold(integer) rename to fold_next;
create function fold(events_max integer) returns integer
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), id)
  from (
    select id from sites where exists (select from unfolded where unfolded.site = sites.id) order by id
  ) as locked;
  return fold_next(events_max);
end
$$;

-- What was folded before there were visits is folded anew, site by site; until then questions go to raw events.
insert into refolds (site) select distinct site from rollups on conflict do nothing;
