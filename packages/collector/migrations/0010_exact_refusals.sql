-- Storing in fewer steps, and each refusal counted once.

-- What refusals were counted for: a delivery that a queue or a spool may bring again, or an event that came after its
-- person was forgotten. Both have a UUIDv7, so the oldest stand first. Kept for eight days: a queue gives up before.
create table counted_refusals (
  id uuid not null,
  site integer not null references sites on delete cascade,
  primary key (id, site)
);

-- Whether the id's own time is over a day away from `at`. Its first 32 bits count spans of 65.536 seconds: by so much it
-- may be less than a day. In whole milliseconds and `numeric` it cost a tenth of all that storing costs.
create function is_skewed(id uuid, at timestamptz) returns boolean
language sql immutable strict parallel safe
return abs(('x' || left(id::text, 8))::bit(32)::bigint * 65.536::float8 - date_part('epoch', at)) > 86400 - 66;

-- Rollups change with every fold: with room on their pages a change needs no new entry in the index (a HOT update), and
-- what it leaves behind is cleared away by whoever reads the page next.
alter table rollups set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
-- Each event passes once; few rows stay.
alter table counted_refusals set (autovacuum_vacuum_scale_factor = 0.05);

-- As in 0001, in fewer steps: what a batch has none of costs no statement, and who was turned away is looked for only
-- where some were.
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
    select sent.site, sent.id, exists (
      select from suppressions as s where s.site = sent.site and s.subject in (sent.visitor, sent."user")) as forgotten
    from unnest(event.site, event.id, visitors, event."user") as sent (site, id, visitor, "user")
    where sent.id in (select unnest(event.id) except select unnest(stored))
  ),
  refused as (
    select * from json_to_recordset(part.refused) as r (site integer, day date, reason text, count bigint, delivery uuid)
    union all
    select m.site, (now() at time zone s.time_zone)::date, 'forgotten', 1, m.id
    from (select distinct site, id from missing where forgotten) as m join sites as s on s.id = m.site
  ),
  newly as (
    insert into counted_refusals (id, site)
    select distinct delivery, site from refused where delivery is not null
    order by delivery, site
    on conflict do nothing
    returning counted_refusals.id, counted_refusals.site
  ),
  counted as (
    insert into refusals (site, day, reason, count)
    select site, day, reason, sum(count) from refused
    where delivery is null or (delivery, site) in (select newly.id, newly.site from newly)
    group by site, day, reason
    order by site, day, reason
    on conflict (site, day, reason) do update set count = refusals.count + excluded.count
  ),
  -- Who counts takes a few of the old ones away: more than came in, and never so many that it takes long.
  swept as (
    delete from counted_refusals where ctid = any (array(
      select ctid from counted_refusals where id < uuidv7_floor(now() - interval '8 days')
      order by id limit 200 for update skip locked))
  )
  select distinct missing.id, case when forgotten then 'forgotten' else 'duplicate' end from missing;
end
$$;

-- Who of these persons was forgotten: `subjects` are keyed ids, each of the site that stands at its place.
create function forgotten_among(of_sites integer[], subjects uuid[]) returns table (site integer, subject uuid)
language sql stable as $$
  select s.site, s.subject from suppressions as s
  where (s.site, s.subject) in (select * from unnest(of_sites, subjects))
$$;
