-- A visit tells by 64 bits what its events may be, so that a filter by what was done takes apart only the visits that may pass it.

-- The bit of one value of one fact, the same on every server. What nearly every visit has, kinds and what goes without, keeps to
-- the first eight, so that no path or name shares a bit with it.
create function signature_of(fact text, value text) returns bigint
language sql immutable parallel safe
return 1::bigint << case
  when value = '(none)' then 0
  when fact = 'event:kind' then array_position(array['page_view', 'api_call', 'contact', 'custom', 'engagement'], value)
  else 8 + get_byte(sha256(convert_to(fact || ' ' || value, 'UTF8')), 0) % 56
end;

-- The bits of all that a question can ask of an event. What it has not goes by the name that questions give it. Both functions are
-- bound to others when they are made, not when they are called: a backup is restored with no schema to look in.
create function signature_of(kind event_kind, path text, name text, endpoint text, channel text) returns bigint
language sql immutable parallel safe
return signature_of('event:kind', kind::text)
  | signature_of('event:path', path)
  | signature_of('event:name', coalesce(name, '(none)'))
  | signature_of('event:endpoint', coalesce(endpoint, '(none)'))
  | signature_of('event:channel', coalesce(channel, '(none)'));

alter table deeds add column signature bigint not null
  generated always as (signature_of(kind, path, name, endpoint, channel)) stored;

-- The bits of all events of a visit. Null in visits from before: those are taken apart, until they are made anew or packed.
alter table visits add column signature bigint;

-- As in 0016, and signed. What is packed stays as it is: nothing comes into it.
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
    select numbered.*, deed.id as deed, deed.signature
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
      count(*) filter (where kind = 'page_view') < 2 and not bool_or(kind in ('contact', 'custom')) as bounced,
      bit_or(signature) as signature
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
  insert into visits (started_at, ended_at, origin, client, place, visitor, session, site, entry, page_views, deeds, seconds, bounced,
    signature)
  select started_at, ended_at, origin, client, place, visitor, session, of_site, entry, page_views, deeds,
    case when date_trunc('hour', started_at at time zone time_zone) <> date_trunc('hour', ended_at at time zone time_zone)
      then array(select (second - seconds[1])::integer from unnest(seconds) as second) end,
    bounced, signature
  from made
  cross join (select time_zone from sites where id = of_site) as clock
  order by started_at
$$;

-- As in 0016, and the visits stay signed: what some visitors' packed visits carry becomes events again, and the visits are as they were before.
create or replace function unpack(of_site integer, of_visitors uuid[], since timestamptz, until timestamptz) returns void
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
    bounced, signature)
  select started_at, ended_at, origin, client, place, visitor, session, site, entry, page_views, deeds, seconds, bounced, signature
  from taken
$$;

-- As in 0016, and a visit that was not signed is. One step of packing at a moment: a site is closed for what came too late to be packed, or its next visits with about `events_max`
-- events are packed. Answers how many events it looked at, at least 1; 0 when nothing is to be done, null where another process
-- folds, retains or packs. What a visit cannot carry stays as it lies: when it is longer than a day or than 4,095 events, the id
-- of one is a day off its time, or something is about to be folded into it.
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
