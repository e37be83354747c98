-- Erases a person, as in 0020, and leaves nothing in `border_visits` (0005) that names their visitors.
create or replace function erase(of_site integer, subject text, subjects uuid[], asked_by integer)
returns table (id uuid, at timestamptz, erased_events integer, suppressed integer)
language plpgsql as $$
#variable_conflict use_column
declare
  persons uuid[] := subjects;
  touched uuid[];
  events_gone integer;
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise fold'), 0);
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
  delete from border_visits where site = of_site and visitor = any(persons);

  return query
  insert into erasures (site, subject, asked_by, erased_events, suppressed)
  values (of_site, subject, asked_by, events_gone, cardinality(persons))
  returning id, at, erased_events, suppressed;
end
$$;

-- A row of a dictionary (pages, origins, actions, clients, places; deeds, of which visits are told) may say what one person alone
-- did. When nothing refers to it any more it goes as well: soon after an erasure, and after a retention. No index tells what
-- refers to a page, and an event has no bytes left for one. So a site's dictionaries are swept now and then: what may refer to
-- their rows is read once, in steps, and rows that nothing was found to refer to are strays.

-- The sites that are to be swept, and how far that is. Stages come in this order; what follows `seen_` is how far one has come.
create table sweeps (
  site integer primary key references sites on delete cascade,
  due_at timestamptz not null default clock_timestamp() + interval '1 hour', -- what is let go meanwhile is swept along
  is_asked_again boolean not null default false, -- since it began
  stage text not null default 'asked' check (stage in ('asked', 'rows', 'visits', 'events', 'deeds', 'others')),
  seen_below bigint, -- what transactions before this one stored is left to the stage `events`
  seen_visits timestamptz, -- when the last packed visit began
  seen_events uuid -- the last event's id
);

-- What nothing has been found to refer to so far, in the sweep that is under way.
create table strays (
  site integer not null,
  dictionary text not null,
  id bigint not null,
  primary key (site, dictionary, id)
);

create function ask_sweep() returns trigger
language plpgsql as $$
begin
  insert into sweeps (site) values ((to_jsonb(new) ->> tg_argv[0])::integer)
  on conflict (site) do update set is_asked_again = true where sweeps.stage <> 'asked' and not sweeps.is_asked_again;
  return null;
end
$$;

create trigger ask_sweep after insert on erasures for each row execute function ask_sweep('site');

-- What comes late of somebody who was forgotten is not stored, but the rows that it would have referred to are.
create trigger ask_sweep after insert or update on refusals for each row when (new.reason = 'forgotten')
  execute function ask_sweep('site');

-- A retention has come to its end (0005).
create trigger ask_sweep after update of is_swept on sites for each row when (new.is_swept and not old.is_swept)
  execute function ask_sweep('id');

-- Whoever was erased before this migration left something too.
insert into sweeps (site) select id from sites where lives_on is null;

-- Takes from the strays what events refer to: those with an id after `after` and up to `upto`, stored by transactions since
-- `since` and before `until`. Nobody knows how many strays are left: so the plan has no loops (0012).
create function spare(
  of_site integer,
  after uuid default '00000000-0000-0000-0000-000000000000', upto uuid default 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  since bigint default 0, until bigint default 9223372036854775807
) returns void
language plpgsql
set plan_cache_mode = force_custom_plan set enable_seqscan = off set enable_nestloop = off set enable_mergejoin = off as $$
begin
  with seen as materialized (
    select distinct kind, page, action, origin, client, place from events
    where site = of_site and id > after and id <= upto and stored_by >= since and stored_by < until
  ),
  referred (dictionary, id) as (
    select 'pages', page from seen
    union
    select 'origins', origin from seen
    union
    select 'actions', action from seen
    union
    select 'clients', client from seen
    union
    select 'places', place from seen
    union
    select 'deeds', deed.id
    from seen
    join deeds as deed on deed.site = of_site and deed.page = seen.page and deed.action = coalesce(seen.action, 0)
      and deed.kind = seen.kind
  )
  delete from strays using referred
  where strays.site = of_site and strays.dictionary = referred.dictionary and strays.id = referred.id;
end
$$;

-- Removes up to `rows_max` strays from one dictionary.
create function remove_strays(of_site integer, of_dictionary text, rows_max integer) returns void
language plpgsql as $$
begin
  execute format('
    with removed as (
      delete from strays where ctid = any (array(
        select ctid from strays where site = $1 and dictionary = %1$L limit $2))
      returning id
    )
    delete from %1$I as named using removed where named.site = $1 and named.id = removed.id', of_dictionary)
  using of_site, rows_max;
end
$$;

-- Everything is a stray at first: lists up to `rows_max` rows more of each dictionary. Answers whether that was all.
create function list_strays(sweep sweeps, rows_max integer) returns boolean
language plpgsql as $$
declare
  dictionary text;
  listed integer;
  most integer := 0;
begin
  foreach dictionary in array array['pages', 'origins', 'actions', 'clients', 'places', 'deeds'] loop
    execute format('
      insert into strays
      select site, %1$L, id from %1$I
      where site = $1 and id > coalesce((select max(id) from strays where site = $1 and dictionary = %1$L), $2)
      order by id limit $3', dictionary)
    using sweep.site, case dictionary when 'deeds' then 0 else -9223372036854775808 end, rows_max;
    get diagnostics listed = row_count;
    most := greatest(most, listed);
  end loop;
  return most < rows_max;
end
$$;

-- Takes from the strays what the next packed visits refer to. Answers whether those were all.
create function spare_of_visits(sweep sweeps, visits_max integer) returns boolean
language plpgsql
set plan_cache_mode = force_custom_plan set enable_seqscan = off set enable_nestloop = off set enable_mergejoin = off as $$
declare
  read record;
begin
  with seen as materialized (
    select started_at, origin, client, place, origins, clients, places, deeds from visits
    where site = sweep.site and is_packed and started_at > sweep.seen_visits
    order by started_at fetch first visits_max rows with ties
  ),
  referred (dictionary, id) as (
    select 'origins', origin from seen
    union
    select 'origins', unnest(origins) from seen
    union
    select 'clients', client from seen
    union
    select 'clients', unnest(clients) from seen
    union
    select 'places', place from seen
    union
    select 'places', unnest(places) from seen
    union
    select 'deeds', unnest(deeds) from seen
  ),
  spared as (
    delete from strays using referred
    where strays.site = sweep.site and strays.dictionary = referred.dictionary and strays.id = referred.id
  )
  select max(started_at) as last, count(*) < visits_max as is_all into read from seen;
  update sweeps set seen_visits = coalesce(read.last, seen_visits) where site = sweep.site;
  return read.is_all;
end
$$;

-- The same of the next events.
create function spare_of_events(sweep sweeps, events_max integer) returns boolean
language plpgsql as $$
declare
  read record;
begin
  select (array_agg(id order by id desc))[1] as last, count(*) < events_max as is_all into read
  from (select id from events where site = sweep.site and id > sweep.seen_events order by id limit events_max) as next;
  perform spare(sweep.site, after => sweep.seen_events, upto => read.last);
  update sweeps set seen_events = coalesce(read.last, seen_events) where site = sweep.site;
  return read.is_all;
end
$$;

-- The same of events that were stored since the sweep began, up to what may be under way now.
create function spare_of_stored(sweep sweeps, ended bigint, events_max integer) returns boolean
language plpgsql as $$
declare
  upto bigint := (select cut from next_cut(sweep.seen_below, ended, events_max));
begin
  perform spare(sweep.site, since => sweep.seen_below, until => upto);
  update sweeps set seen_below = upto where site = sweep.site;
  return upto = ended;
end
$$;

-- Removes strays from `deeds`. Answers whether those were all; pages and actions that a deed still tells of are none then.
create function remove_deeds(of_site integer, rows_max integer) returns boolean
language plpgsql as $$
begin
  perform remove_strays(of_site, 'deeds', rows_max);
  if exists (select from strays where site = of_site and dictionary = 'deeds') then return false; end if;

  delete from strays where site = of_site and dictionary = 'pages' and id in (select page from deeds where site = of_site);
  delete from strays where site = of_site and dictionary = 'actions' and id in (select action from deeds where site = of_site);
  return true;
end
$$;

-- Removes strays from the other dictionaries. Who stores an event inserts the rows that it refers to first, there or not, and so
-- holds their tables until it can be seen: with those tables locked, what was stored by then is seen, and whoever comes later
-- inserts anew what has gone. Answers whether those were all; null where too much was stored since `ended` to look at now.
create function remove_others(of_site integer, ended bigint, rows_max integer) returns boolean
language plpgsql as $$
begin
  if stored_between(ended, 9223372036854775807, 10001) > 10000 then return null; end if;
  lock table pages, origins, actions, clients, places in share row exclusive mode;
  perform spare(of_site, since => ended);
  perform remove_strays(of_site, dictionary, rows_max)
  from unnest(array['pages', 'origins', 'actions', 'clients', 'places']) as dictionary;
  return not exists (select from strays where site = of_site);
end
$$;

-- One step of a sweep, which looks at about `rows_max` rows. Answers 0 when nothing is to be swept, null where another process
-- folds, retains, packs or sweeps, or somebody who stores would have to be waited for. A site that is being copied, folded anew
-- or retained waits; one that is being swept is not packed.
--
-- Packed visits are read before events, so what is taken apart meanwhile is seen once at least. Visits that are not packed refer
-- to nothing but what their events do. What is stored meanwhile is looked at before anything goes.
create function sweep_step(as_of timestamptz, rows_max integer) returns integer
language plpgsql set lock_timeout = '300ms' set jit = off as $$
declare
  sweep sweeps;
  ended bigint; -- all transactions before it have ended
  is_over boolean;
begin
  if not pg_try_advisory_xact_lock(hashtext('balise fold'), 0) then return null; end if;
  perform pg_advisory_xact_lock_shared(hashtext('balise partitions'));

  select sweeps.* into sweep
  from sweeps
  join sites on sites.id = site
  where (stage <> 'asked' or due_at <= as_of) and lives_on is null and is_swept
    and not exists (select from refolds where refolds.site = sites.id)
    and not exists (select from copies where copies.site = sites.id)
  order by stage = 'asked', due_at, site
  limit 1;
  if not found then return 0; end if;
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), sweep.site);

  if sweep.stage = 'asked' then
    perform from sweeps where site = sweep.site for update; -- whoever asked has ended, or asks again
    update sweeps set stage = 'rows', is_asked_again = false, seen_visits = '-infinity',
      seen_events = '00000000-0000-0000-0000-000000000000',
      seen_below = pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    where site = sweep.site;
    return 1;
  end if;

  ended := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  if sweep.stage in ('deeds', 'others') and not spare_of_stored(sweep, ended, rows_max) then return 1; end if;
  is_over := case sweep.stage
    when 'rows' then list_strays(sweep, rows_max)
    when 'visits' then spare_of_visits(sweep, 1 + rows_max / 5)
    when 'events' then spare_of_events(sweep, rows_max)
    when 'deeds' then remove_deeds(sweep.site, 1 + rows_max / 10)
    when 'others' then remove_others(sweep.site, ended, 1 + rows_max / 25)
  end;

  if is_over and sweep.stage = 'others' then
    delete from sweeps where site = sweep.site and not is_asked_again;
    update sweeps set stage = 'asked', due_at = default where site = sweep.site;
  elsif is_over then
    update sweeps set stage = (
      array['visits', 'events', 'deeds', 'others'])[array_position(array['rows', 'visits', 'events', 'deeds'], sweep.stage)]
    where site = sweep.site;
  end if;
  return case when is_over is not null then 1 end;
exception
  when lock_not_available then return null;
end
$$;

-- As in 0021, and a site that is being swept is not packed: its events would go where the sweep has looked already.
create or replace function pack_step(as_of timestamptz, events_max integer) returns integer
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
      and not exists (select from sweeps where sweeps.site = id and stage <> 'asked')
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
      page_views, deeds, seconds, bounced, signature, carried.*
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
    known, ms, origins, clients, places, users, targets, durations_ms, bytes, engaged_ms, scroll_percents, amounts, props,
    coalesce(signature, (
      select bit_or(deed.signature) from deeds as deed where deed.site = next.site and deed.id = any (told.deeds)
    ))
  from told
  order by started_at;

  update packs set upto = due.last where site = next.site;
  perform set_config('balise.packing', '', true);
  return due.events;
end
$$;
