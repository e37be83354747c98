-- The street's end: where events come to rest, and the two acts that change them.
--
-- Facts are in `events`; what repeats is in five dimension tables (pages, origins, clients, places, actions). A
-- dimension row's id is made from its own content (64 bits of SHA-256, see store/dimensions.ts), so that a batch needs
-- no look-up, no sequence and no retry, and a site can move between databases as it is.

create table sites (
  id integer generated always as identity primary key,
  key text not null unique check (length(key) between 1 and 64),
  time_zone text not null default 'UTC',
  -- Hosts that may send for the site: 'shop.example' also covers its subdomains. None named: any host may.
  hosts text[] not null default '{}',
  -- Whether automata count: 'count' is for one's own browser tests and for the demo.
  bots text not null default 'refuse' check (bots in ('refuse', 'count')),
  created_at timestamptz not null default now()
);

create table tokens (
  id integer generated always as identity primary key,
  site integer not null references sites on delete cascade,
  hash bytea not null unique check (length(hash) = 32), -- SHA-256 of the token; the token itself is nowhere
  scopes text[] not null check (scopes <@ array['query', 'privacy']),
  label text not null default '',
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

-- One half of each site-day key. The other half lives where no backup reaches (KV with a TTL, or a file).
create table site_day_shares (
  site integer not null references sites on delete cascade,
  day date not null, -- on the site's clock
  share bytea not null check (length(share) = 32),
  other_share text not null, -- the name of the other half in its store
  dies_at timestamptz not null,
  primary key (site, day)
);

create table pages (
  site integer not null,
  id bigint not null,
  host text not null,
  path text not null,
  title text,
  primary key (site, id)
);

create table origins (
  site integer not null,
  id bigint not null,
  source text,
  referrer text,
  medium text,
  campaign text,
  term text,
  content text,
  channel text,
  primary key (site, id)
);

create table actions (
  site integer not null,
  id bigint not null,
  name text,
  method text,
  endpoint text,
  status smallint,
  channel text,
  currency text,
  primary key (site, id)
);

create table clients (
  site integer not null,
  id bigint not null,
  browser text,
  browser_version text,
  os text,
  os_version text,
  device text,
  screen text,
  language text,
  primary key (site, id)
);

create table places (
  site integer not null,
  id bigint not null,
  country text,
  region text,
  city text,
  primary key (site, id)
);

create type event_kind as enum ('page_view', 'api_call', 'contact', 'custom', 'engagement');

-- Raw events. The id is a UUIDv7: it carries the device's time, so it can be the partition key and the idempotency key
-- in one, and a retry weeks later still meets its twin. No column can hold an address. Columns stand by their width, so
-- that no row is padded.
create table events (
  at timestamptz not null, -- the device's clock, corrected by the collector's
  page bigint not null,
  client bigint not null,
  origin bigint,
  place bigint,
  action bigint,
  bytes bigint,
  stored_by bigint not null default pg_current_xact_id()::text::bigint, -- the transaction; what is folded into rollups is told by it: see 0002
  id uuid not null,
  visitor uuid not null,   -- a keyed hash, never the secret
  session uuid,            -- only of known visitors
  "user" uuid,             -- a keyed hash
  target uuid,             -- a keyed hash
  site integer not null,
  kind event_kind not null,
  duration_ms integer,
  engaged_ms integer,
  scroll_percent smallint,
  known boolean not null,  -- the visitor has a secret; otherwise the id lives one site-day
  skewed boolean not null, -- the id's own time is over a day away from `at`
  amount numeric(21, 6),
  props jsonb,
  primary key (site, id)
) partition by range (id);

-- A person's events: for erasure, and to continue a visit. Without `at` in it the keys repeat and are kept once.
create index events_visitor on events (site, visitor);
-- A range of time is a range of ids, but for the few whose device clock was far off.
create index events_skewed on events (site, at) where skewed;
-- What was stored lately: rows lie on disk as they came, so this index takes next to nothing.
create index events_stored on events using brin (stored_by) with (pages_per_range = 16, autosummarize = on);
create index events_user on events (site, "user") where "user" is not null;

create table events_default partition of events default;

-- The least UUIDv7 of a moment.
create function uuidv7_floor(moment timestamptz) returns uuid
language sql immutable strict parallel safe
return (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- The time inside a UUIDv7.
create function uuidv7_time(id uuid) returns timestamptz
language sql immutable strict parallel safe
return to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0);

-- Makes a partition for each month from `first` to `last`, and moves in what waited for it in the default partition.
create function prepare_partitions(first date, last date) returns void
language plpgsql as $$
declare
  month date := date_trunc('month', first);
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('balise partitions'));
  while month <= last loop
    name := 'events_' || to_char(month, 'YYYY_MM');
    if to_regclass(name) is null then
      execute format('create table %I (like events including defaults including constraints)', name);
      execute format(
        'with moved as (delete from events_default where id >= %L and id < %L returning *) insert into %I select * from moved',
        uuidv7_floor(month at time zone 'UTC'), uuidv7_floor((month + interval '1 month') at time zone 'UTC'), name);
      execute format(
        'alter table events attach partition %I for values from (%L) to (%L)',
        name, uuidv7_floor(month at time zone 'UTC'), uuidv7_floor((month + interval '1 month') at time zone 'UTC'));
    end if;
    month := month + interval '1 month';
  end loop;
end
$$;

select prepare_partitions((now() - interval '2 months')::date, (now() + interval '12 months')::date);

-- Keyed ids that ingest turns away: who was forgotten stays forgotten.
create table suppressions (
  site integer not null references sites on delete cascade,
  subject uuid not null,
  at timestamptz not null default now(),
  primary key (site, subject)
);

-- The audit log of erasures. It names nobody.
create table erasures (
  id uuid primary key default gen_random_uuid(),
  site integer not null references sites on delete cascade,
  subject text not null check (subject in ('visitor', 'user')),
  asked_by integer references tokens, -- null: the visitor, by their own secret
  at timestamptz not null default now(),
  erased_events integer not null,
  suppressed integer not null
);

-- What was turned away, counted by name.
create table refusals (
  site integer not null references sites on delete cascade,
  day date not null, -- on the site's clock
  reason text not null,
  count bigint not null,
  primary key (site, day, reason)
);

-- Whether a visitor was seen from a moment until before another. A function of its own, because a statement that names
-- `events` opens every partition when it begins, and few batches ask this.
create function was_seen(of_site integer, of_visitor uuid, since timestamptz, before timestamptz) returns boolean
language plpgsql stable as $$
begin
  return exists (select from events where site = of_site and visitor = of_visitor and at >= since and at < before);
end
$$;

-- Stores a batch, each event once. Answers a row for each event that was not stored: 'duplicate' or 'forgotten'.
--
-- One call is one transaction and one round trip. Ingest holds the site's lock shared, an erasure holds it alone; every
-- statement in here takes its snapshot after the lock, so it sees each suppression that was committed before, and an
-- erasure that waits sees each event that is stored here. All inserts go in key order: two batches cannot deadlock.
--
-- Each look into a `json` reads all of its text: so it is taken apart once, and events come in columns, `{"id": [...]}`,
-- which costs half of what rows do.
create function store_events(batch json) returns table (id uuid, outcome text)
language plpgsql as $$
#variable_conflict use_column
declare
  part record;
  event record;
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

  insert into pages
  select * from json_to_recordset(part.pages) as d (site integer, id bigint, host text, path text, title text)
  order by site, id on conflict do nothing;

  insert into origins
  select * from json_to_recordset(part.origins) as d
    (site integer, id bigint, source text, referrer text, medium text, campaign text, term text, content text,
     channel text)
  order by site, id on conflict do nothing;

  insert into actions
  select * from json_to_recordset(part.actions) as d
    (site integer, id bigint, name text, method text, endpoint text, status smallint, channel text, currency text)
  order by site, id on conflict do nothing;

  insert into clients
  select * from json_to_recordset(part.clients) as d
    (site integer, id bigint, browser text, browser_version text, os text, os_version text, device text, screen text, language text)
  order by site, id on conflict do nothing;

  insert into places
  select * from json_to_recordset(part.places) as d
    (site integer, id bigint, country text, region text, city text)
  order by site, id on conflict do nothing;

  return query
  with sent as (
    select e.*, min(at) over (partition by site, visitor_before) as first_at
    from unnest(
      event.site, event.id, event.at, event.visitor, event.visitor_before, event.session, event."user",
      event.page, event.origin, event.client, event.place, event.action, event.kind, event.known,
      event.target, event.duration_ms, event.bytes, event.engaged_ms, event.scroll_percent,
      event.amount, event.props
    ) as e (
      site, id, at, visitor, visitor_before, session, "user",
      page, origin, client, place, action, kind, known,
      target, duration_ms, bytes, engaged_ms, scroll_percent,
      amount, props
    )
  ),
  -- A visit that crosses midnight keeps its visitor. `visitor_before` is set only in a site-day's first 30 minutes, so
  -- all such events of one visitor continue yesterday's visit, or none does.
  named as (
    select sent.*,
      case when visitor_before is not null and (
        was_seen(site, visitor_before, first_at - interval '30 minutes', at + interval '30 minutes')
        or exists (select from sent as e where e.site = sent.site and e.visitor = sent.visitor_before
          and e.at >= sent.first_at - interval '30 minutes')
      ) then visitor_before else visitor end as kept_visitor
    from sent
  ),
  kept as (
    select * from named
    where not exists (select from suppressions as s where s.site = named.site and s.subject in (kept_visitor, "user"))
  ),
  stored as (
    insert into events (site, id, at, visitor, session, "user", page, origin, client, place, action, kind, known, skewed,
      target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props)
    select site, id, at, kept_visitor, session, "user", page, origin, client, place, action, kind, known,
      abs(extract(epoch from uuidv7_time(id) - at)) > 86400,
      target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props
    from kept
    order by site, id
    on conflict do nothing
    returning events.site, events.id
  ),
  forgotten as (
    select site, id from sent except select site, id from kept
  ),
  counted as (
    insert into refusals (site, day, reason, count)
    select site, day, reason, sum(count) from (
      select site, day, reason, count
      from json_to_recordset(part.refused) as r (site integer, day date, reason text, count bigint)
      union all
      select f.site, (now() at time zone s.time_zone)::date, 'forgotten', 1 from forgotten as f join sites as s on s.id = f.site
    ) as refused
    group by site, day, reason
    order by site, day, reason
    on conflict (site, day, reason) do update set count = refusals.count + excluded.count
  )
  select id, 'forgotten' from forgotten
  union all
  select id, 'duplicate' from (select site, id from kept except select site, id from stored) as twins;
end
$$;

-- Forgets a person: their keyed ids are suppressed, their events go, the audit log gets a row that names nobody.
--
-- A user takes along the visitors that carried no other user: the same person before they signed in. It waits for the
-- batches that are being stored and holds back the next ones of this site, see store_events.
create function erase(of_site integer, subject text, subjects uuid[], asked_by integer)
returns table (id uuid, at timestamptz, erased_events integer, suppressed integer)
language plpgsql as $$
#variable_conflict use_column
declare
  persons uuid[] := subjects;
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

  delete from events where site = of_site and (visitor = any(persons) or "user" = any(persons));
  get diagnostics events_gone = row_count;

  return query
  insert into erasures (site, subject, asked_by, erased_events, suppressed)
  values (of_site, subject, asked_by, events_gone, cardinality(persons))
  returning id, at, erased_events, suppressed;
end
$$;
