-- A refusal is counted once: with whichever half of its delivery it comes, on whatever day, wherever its site lives by then.

-- What refusals were counted for, as in 0010; but a delivery may come apart, so its id, a day and a reason give a name
-- together. An event's name is its id, whose time may be long ago: a row is kept for eight days from when it was counted.
alter table counted_refusals
  add column at timestamptz not null default now(),
  drop constraint counted_refusals_pkey,
  add primary key (site, id);
create index counted_refusals_at on counted_refusals (at);

-- As in 0010. What an event was refused for that the database itself refuses is told, and counted here.
create or replace function store_events(batch json) returns table (id uuid, outcome text)
language plpgsql as $$
#variable_conflict use_column
declare
  part record;
  event record;
  visitors uuid[];
  stored uuid[];
begin
  select * into part
  from json_to_record(batch) as part
    (events json, pages json, origins json, actions json, clients json, places json, refused json);

  select * into event
  from json_to_record(part.events) as event
    (site integer[], id uuid[], at timestamptz[], visitor uuid[], visitor_before uuid[], session uuid[], "user" uuid[],
     page bigint[], origin bigint[], client bigint[], place bigint[], action bigint[], kind event_kind[], known boolean[],
     target uuid[], duration_ms integer[], bytes bigint[], engaged_ms integer[], scroll_percent smallint[],
     amount numeric[], props jsonb[]);

  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), site)
  from (select distinct site from unnest(event.site) as site order by site) as locked;

  if json_array_length(part.pages) > 0 then
    insert into pages
    select * from json_to_recordset(part.pages) as d (site integer, id bigint, host text, path text, title text)
    order by site, id on conflict do nothing;
  end if;

  if json_array_length(part.origins) > 0 then
    insert into origins
    select * from json_to_recordset(part.origins) as d
      (site integer, id bigint, source text, referrer text, medium text, campaign text, term text, content text,
       channel text)
    order by site, id on conflict do nothing;
  end if;

  if json_array_length(part.actions) > 0 then
    insert into actions
    select * from json_to_recordset(part.actions) as d
      (site integer, id bigint, name text, method text, endpoint text, status smallint, channel text, currency text)
    order by site, id on conflict do nothing;
  end if;

  if json_array_length(part.clients) > 0 then
    insert into clients
    select * from json_to_recordset(part.clients) as d
      (site integer, id bigint, browser text, browser_version text, os text, os_version text, device text, screen text,
       language text)
    order by site, id on conflict do nothing;
  end if;

  if json_array_length(part.places) > 0 then
    insert into places
    select * from json_to_recordset(part.places) as d (site integer, id bigint, country text, region text, city text)
    order by site, id on conflict do nothing;
  end if;

  -- A visit that crosses midnight keeps its visitor. `visitor_before` is set only in a site-day's first 30 minutes, so
  -- all such events of one visitor continue yesterday's visit, or none does.
  visitors := event.visitor;
  if event.visitor_before is not null then
    with sent as (
      select e.*, min(at) over (partition by site, visitor_before) as first_at
      from unnest(event.site, event.at, event.visitor, event.visitor_before) with ordinality
        as e (site, at, visitor, visitor_before, n)
    )
    select array_agg(
      case when visitor_before is not null and (
        was_seen(site, visitor_before, first_at - interval '30 minutes', at + interval '30 minutes')
        or exists (select from sent as e where e.site = sent.site and e.visitor = sent.visitor_before
          and e.at >= sent.first_at - interval '30 minutes')
      ) then visitor_before else visitor end order by n)
    into visitors from sent;
  end if;

  with inserted as (
    insert into events (site, id, at, visitor, session, "user", page, origin, client, place, action, kind, known, skewed,
      target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props)
    select site, id, at, visitor, session, "user", page, origin, client, place, action, kind, known, is_skewed(id, at),
      target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props
    from unnest(
      event.site, event.id, event.at, visitors, event.session, event."user",
      event.page, event.origin, event.client, event.place, event.action, event.kind, event.known,
      event.target, event.duration_ms, event.bytes, event.engaged_ms, event.scroll_percent,
      event.amount, event.props
    ) as sent (
      site, id, at, visitor, session, "user",
      page, origin, client, place, action, kind, known,
      target, duration_ms, bytes, engaged_ms, scroll_percent,
      amount, props
    )
    where not exists (
      select from suppressions as s where s.site = sent.site and s.subject in (sent.visitor, sent."user"))
    order by site, id
    on conflict do nothing
    returning events.id
  )
  select array_agg(id) into stored from inserted;

  if coalesce(cardinality(stored), 0) = coalesce(cardinality(event.id), 0) and json_array_length(part.refused) = 0 then
    return;
  end if;

  return query
  with missing as (
    select distinct site, id, case
      when exists (select from suppressions as s where s.site = sent.site and s.subject in (visitor, "user")) then 'forgotten'
      when exists (select from events as e where e.site = sent.site and e.id = sent.id) then 'duplicate'
      else 'too_old' end as outcome
    from unnest(event.site, event.id, visitors, event."user") as sent (site, id, visitor, "user")
    where id in (select unnest(event.id) except select unnest(stored))
  ),
  refused as (
    select site, day, reason, count, md5(uuid_send(delivery) || date_send(day) || textsend(reason))::uuid as name
    from json_to_recordset(part.refused) as r (site integer, day date, reason text, count bigint, delivery uuid)
    union all
    select site, (now() at time zone time_zone)::date, outcome, 1, missing.id
    from missing join sites on sites.id = site
    where outcome <> 'duplicate'
  ),
  newly as (
    insert into counted_refusals (site, id)
    select distinct site, name from refused where name is not null
    order by site, name
    on conflict do nothing
    returning counted_refusals.site, counted_refusals.id
  ),
  counted as (
    insert into refusals (site, day, reason, count)
    select site, day, reason, sum(count) from refused
    where name is null or (site, name) in (select newly.site, newly.id from newly)
    group by site, day, reason
    order by site, day, reason
    on conflict (site, day, reason) do update set count = refusals.count + excluded.count
  ),
  -- Who counts takes a few of the old ones away: more than came in, and never so many that it takes long.
  swept as (
    delete from counted_refusals where ctid = any (array(
      select ctid from counted_refusals where at < now() - interval '8 days'
      order by at limit 200 for update skip locked))
  )
  select id, outcome from missing;
end
$$;

-- As in 0016, but `store_events` counts what is refused.
create or replace function refuse_too_old() returns trigger
language plpgsql as $$
begin
  if new.stored_by <> pg_current_xact_id()::text::bigint then return new; end if;
  -- Nor are those of a site that arrives here (0008): it was asked where it came from.
  if exists (
    select from sites
    left join packs on packs.site = id
    where id = new.site and (new.at < day_start(raw_from, time_zone) or new.at < closed_before)
      and not coalesce((to_jsonb(sites) ->> 'arrives')::boolean, false)
  ) then return null; end if;
  return new;
end
$$;
