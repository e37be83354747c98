-- The schema that the migrations lead to, for reading and for comparing. It is never run.

-- types

create type event_kind as enum ('page_view', 'api_call', 'contact', 'custom', 'engagement');

-- tables

create table actions (
  site integer not null,
  id bigint not null,
  name text,
  method text,
  endpoint text,
  status smallint,
  channel text,
  currency text
);

create table border_visits (
  site integer not null,
  visitor uuid not null,
  session uuid,
  from_at timestamp with time zone not null
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
  language text
);

create table copies (
  site integer not null,
  database text not null,
  noted_at timestamp with time zone not null default now(),
  copied_before bigint not null default 0,
  round_began bigint,
  "position" uuid
);

create table counted_refusals (
  id uuid not null,
  site integer not null,
  at timestamp with time zone not null default now()
) with (autovacuum_vacuum_scale_factor=0.05);

create table dead_letters (
  site integer not null,
  id text not null,
  visitor text not null,
  visitor_before text,
  "user" text,
  event text not null,
  failure text not null,
  set_aside_at timestamp with time zone not null default now()
);

create table deeds (
  site integer not null,
  id integer not null generated always as identity,
  page bigint not null,
  action bigint not null,
  kind event_kind not null,
  path text not null,
  name text,
  endpoint text,
  channel text,
  signature bigint not null default signature_of(kind, path, name, endpoint, channel)
);

create table erasures (
  id uuid not null default gen_random_uuid(),
  site integer not null,
  subject text not null,
  asked_by integer,
  at timestamp with time zone not null default now(),
  erased_events integer not null,
  suppressed integer not null
);

create table events (
  at timestamp with time zone not null,
  page bigint not null,
  client bigint not null,
  origin bigint,
  place bigint,
  action bigint,
  bytes bigint,
  stored_by bigint not null default ((pg_current_xact_id())::text)::bigint,
  id uuid not null,
  visitor uuid not null,
  session uuid,
  "user" uuid,
  target uuid,
  site integer not null,
  kind event_kind not null,
  duration_ms integer,
  engaged_ms integer,
  scroll_percent smallint,
  known boolean not null,
  skewed boolean not null,
  amount numeric(21,6),
  props jsonb
) partition by RANGE (id);

create table folds (
  only_row boolean not null default true,
  upto bigint not null default 0,
  folded_at timestamp with time zone not null default now(),
  until bigint,
  collecting bigint,
  collected_part oid,
  collected_file oid,
  collected_blocks bigint,
  step_events integer not null default 5000,
  noticed bigint not null default 0,
  noticed_at timestamp with time zone not null default now(),
  failed_at timestamp with time zone,
  failure text
);

create table migrations (
  name text not null,
  applied_at timestamp with time zone not null default now()
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
  channel text
);

create table packs (
  site integer not null,
  closed_before timestamp with time zone not null,
  closed_by bigint not null,
  upto timestamp with time zone not null default '-infinity'::timestamp with time zone
);

create table pages (
  site integer not null,
  id bigint not null,
  host text not null,
  path text not null,
  title text
);

create table places (
  site integer not null,
  id bigint not null,
  country text,
  region text,
  city text
);

create table quota_draws (
  site integer not null,
  day date not null,
  events bigint not null
);

create table refolds (
  site integer not null,
  is_empty boolean not null default false,
  upto uuid,
  asked_at timestamp with time zone not null default clock_timestamp()
);

create table refusals (
  site integer not null,
  day date not null,
  reason text not null,
  count bigint not null
);

create table rollups (
  site integer not null,
  dimension text not null,
  day date not null,
  value text not null,
  events integer not null,
  page_views integer not null,
  visits integer not null,
  bounces integer not null,
  duration_ms bigint not null,
  unseen integer[] not null
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05);

create table site_day_shares (
  site integer not null,
  day date not null,
  share bytea not null,
  other_share text not null,
  dies_at timestamp with time zone not null
);

create table sites (
  id integer not null generated always as identity,
  key text not null,
  time_zone text not null default 'UTC'::text,
  hosts text[] not null default '{}'::text[],
  bots text not null default 'refuse'::text,
  created_at timestamp with time zone not null default now(),
  events_per_day_max bigint,
  retention_months integer,
  keeps_sums boolean not null default true,
  raw_from date,
  sums_from date,
  is_swept boolean not null default true,
  lives_on text,
  arrives boolean not null default false,
  held_until timestamp with time zone
);

create table strays (
  site integer not null,
  dictionary text not null,
  id bigint not null
);

create table suppressions (
  site integer not null,
  subject uuid not null,
  at timestamp with time zone not null default now()
);

create table sweeps (
  site integer not null,
  due_at timestamp with time zone not null default (clock_timestamp() + '01:00:00'::interval),
  is_asked_again boolean not null default false,
  stage text not null default 'asked'::text,
  seen_below bigint,
  seen_visits timestamp with time zone,
  seen_events uuid
);

create table tokens (
  id integer not null generated always as identity,
  site integer not null,
  hash bytea not null,
  scopes text[] not null,
  label text not null default ''::text,
  created_at timestamp with time zone not null default now(),
  revoked_at timestamp with time zone
);

create table unfolded (
  site integer not null,
  visitor uuid not null,
  first_at timestamp with time zone not null,
  events integer not null
);

create table visits (
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  origin bigint,
  client bigint not null,
  place bigint,
  visitor uuid not null,
  session uuid,
  site integer not null,
  entry integer,
  page_views integer not null,
  deeds integer[] not null,
  seconds integer[],
  bounced boolean not null,
  is_packed boolean not null default false,
  known boolean,
  ms integer[],
  origins bigint[],
  clients bigint[],
  places bigint[],
  users uuid[],
  targets uuid[],
  durations_ms integer[],
  bytes integer[],
  engaged_ms integer[],
  scroll_percents smallint[],
  amounts numeric(21,6)[],
  props jsonb[],
  signature bigint
) partition by LIST (is_packed);

-- partitions

create table events_2026_10_21 partition of events FOR VALUES FROM ('01a15bc1-f400-0000-0000-000000000000') TO ('01a19467-e800-0000-0000-000000000000');

create table events_2026_11_01 partition of events FOR VALUES FROM ('01a19467-e800-0000-0000-000000000000') TO ('01a1c7e7-8000-0000-0000-000000000000');

create table events_2026_11_11 partition of events FOR VALUES FROM ('01a1c7e7-8000-0000-0000-000000000000') TO ('01a1fb67-1800-0000-0000-000000000000');

create table events_2026_11_21 partition of events FOR VALUES FROM ('01a1fb67-1800-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');

create table events_2026_12_01 partition of events FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a26266-4800-0000-0000-000000000000');

create table events_2026_12_11 partition of events FOR VALUES FROM ('01a26266-4800-0000-0000-000000000000') TO ('01a295e5-e000-0000-0000-000000000000');

create table events_2026_12_21 partition of events FOR VALUES FROM ('01a295e5-e000-0000-0000-000000000000') TO ('01a2ce8b-d400-0000-0000-000000000000');

create table events_default partition of events DEFAULT;

create table visits_loose partition of visits FOR VALUES IN (false);

create table visits_packed partition of visits FOR VALUES IN (true) partition by RANGE (started_at);

-- views

create view packed_events with (security_invoker=true) as
 SELECT moment.at,
    deed.page,
        CASE
            WHEN ((told.nth = 1) OR (visits.clients IS NULL)) THEN visits.client
            ELSE told.client
        END AS client,
        CASE
            WHEN (told.nth = 1) THEN visits.origin
            ELSE told.origin
        END AS origin,
        CASE
            WHEN ((told.nth = 1) OR (visits.places IS NULL)) THEN visits.place
            ELSE told.place
        END AS place,
    NULLIF(deed.action, 0) AS action,
    (told.bytes)::bigint AS bytes,
    (0)::bigint AS stored_by,
    packed_id(moment.at, told.nth, visits.session, visits.visitor) AS id,
    visits.visitor,
    visits.session,
    told."user",
    told.target,
    visits.site,
    deed.kind,
    told.duration_ms,
    told.engaged_ms,
    told.scroll_percent,
    visits.known,
    false AS skewed,
    told.amount,
    told.props,
    visits.started_at AS visit_started_at
   FROM (((visits
     CROSS JOIN LATERAL UNNEST(visits.deeds, visits.ms, visits.origins, visits.clients, visits.places, visits.users, visits.targets, visits.durations_ms, visits.bytes, visits.engaged_ms, visits.scroll_percents, visits.amounts, visits.props) WITH ORDINALITY told(deed, ms, origin, client, place, "user", target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props, nth))
     JOIN deeds deed ON (((deed.site = visits.site) AND (deed.id = told.deed))))
     CROSS JOIN LATERAL ( SELECT (visits.started_at + ((told.ms)::double precision * '00:00:00.001'::interval)) AS at) moment)
  WHERE visits.is_packed;

-- constraints

alter table actions add constraint actions_pkey PRIMARY KEY (site, id);

alter table border_visits add constraint border_visits_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table clients add constraint clients_pkey PRIMARY KEY (site, id);

alter table copies add constraint copies_pkey PRIMARY KEY (site, database);

alter table copies add constraint copies_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table counted_refusals add constraint counted_refusals_pkey PRIMARY KEY (site, id);

alter table counted_refusals add constraint counted_refusals_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table dead_letters add constraint dead_letters_pkey PRIMARY KEY (site, id);

alter table dead_letters add constraint dead_letters_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table deeds add constraint deeds_pkey PRIMARY KEY (site, id);

alter table deeds add constraint deeds_site_page_action_kind_key UNIQUE (site, page, action, kind);

alter table erasures add constraint erasures_pkey PRIMARY KEY (id);

alter table erasures add constraint erasures_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table erasures add constraint erasures_subject_check CHECK ((subject = ANY (ARRAY['visitor'::text, 'user'::text])));

alter table events add constraint events_pkey PRIMARY KEY (site, id);

alter table folds add constraint folds_only_row_check CHECK (only_row);

alter table folds add constraint folds_pkey PRIMARY KEY (only_row);

alter table migrations add constraint migrations_pkey PRIMARY KEY (name);

alter table origins add constraint origins_pkey PRIMARY KEY (site, id);

alter table packs add constraint packs_pkey PRIMARY KEY (site);

alter table packs add constraint packs_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table pages add constraint pages_pkey PRIMARY KEY (site, id);

alter table places add constraint places_pkey PRIMARY KEY (site, id);

alter table quota_draws add constraint quota_draws_pkey PRIMARY KEY (site, day);

alter table quota_draws add constraint quota_draws_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table refolds add constraint refolds_pkey PRIMARY KEY (site);

alter table refolds add constraint refolds_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table refusals add constraint refusals_pkey PRIMARY KEY (site, day, reason);

alter table refusals add constraint refusals_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table rollups add constraint rollups_pkey PRIMARY KEY (site, dimension, day, value);

alter table site_day_shares add constraint site_day_shares_pkey PRIMARY KEY (site, day);

alter table site_day_shares add constraint site_day_shares_share_check CHECK ((length(share) = 32));

alter table site_day_shares add constraint site_day_shares_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table sites add constraint sites_bots_check CHECK ((bots = ANY (ARRAY['refuse'::text, 'count'::text])));

alter table sites add constraint sites_check CHECK (((NOT arrives) OR (lives_on IS NOT NULL)));

alter table sites add constraint sites_events_per_day_max_check CHECK ((events_per_day_max >= 0));

alter table sites add constraint sites_key_check CHECK (((length(key) >= 1) AND (length(key) <= 64)));

alter table sites add constraint sites_key_key UNIQUE (key);

alter table sites add constraint sites_pkey PRIMARY KEY (id);

alter table sites add constraint sites_retention_months_check CHECK (((retention_months >= 1) AND (retention_months <= 120)));

alter table strays add constraint strays_pkey PRIMARY KEY (site, dictionary, id);

alter table suppressions add constraint suppressions_pkey PRIMARY KEY (site, subject);

alter table suppressions add constraint suppressions_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table sweeps add constraint sweeps_pkey PRIMARY KEY (site);

alter table sweeps add constraint sweeps_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table sweeps add constraint sweeps_stage_check CHECK ((stage = ANY (ARRAY['asked'::text, 'rows'::text, 'visits'::text, 'events'::text, 'deeds'::text, 'others'::text])));

alter table tokens add constraint tokens_hash_check CHECK ((length(hash) = 32));

alter table tokens add constraint tokens_hash_key UNIQUE (hash);

alter table tokens add constraint tokens_pkey PRIMARY KEY (id);

alter table tokens add constraint tokens_scopes_check CHECK ((scopes <@ ARRAY['query'::text, 'privacy'::text]));

alter table tokens add constraint tokens_site_fkey FOREIGN KEY (site) REFERENCES sites(id) ON DELETE CASCADE;

alter table unfolded add constraint unfolded_pkey PRIMARY KEY (site, visitor);

-- indexes

CREATE INDEX border_visits_site ON public.border_visits USING btree (site);

CREATE INDEX border_visits_visitor ON public.border_visits USING btree (site, visitor);

CREATE INDEX counted_refusals_at ON public.counted_refusals USING btree (at);

CREATE INDEX events_skewed ON ONLY public.events USING btree (site, at) WHERE skewed;

CREATE INDEX events_stored ON ONLY public.events USING brin (stored_by) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX events_user ON ONLY public.events USING btree (site, "user") WHERE ("user" IS NOT NULL);

CREATE INDEX events_visitor ON ONLY public.events USING btree (site, visitor);

CREATE INDEX unfolded_first ON public.unfolded USING btree (site, first_at);

CREATE INDEX visits_ended ON ONLY public.visits USING btree (site, ended_at) WHERE (seconds IS NOT NULL);

CREATE INDEX visits_packed_users ON ONLY public.visits_packed USING gin (users) WHERE (users IS NOT NULL);

CREATE INDEX visits_packed_visitor ON ONLY public.visits_packed USING btree (site, visitor);

CREATE INDEX visits_started ON ONLY public.visits USING btree (site, started_at);

-- functions

CREATE OR REPLACE FUNCTION public.apply_contributions(of_site integer, of_visitors uuid[], below bigint, sign integer)
 RETURNS void
 LANGUAGE sql
AS $function$
  select change_rollups(of_site, of_visitors, case when sign < 0 then below else 0 end,
    case when sign > 0 then below else 0 end, '-infinity')
$function$
;

CREATE OR REPLACE FUNCTION public.arrive(of_site integer, left_from text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update sites set lives_on = null, arrives = false where id = of_site and arrives and lives_on = left_from
$function$
;

CREATE OR REPLACE FUNCTION public.as_site(of_site integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  if not exists (select from sites where id = of_site and lives_on is null) then
    raise exception 'a site does not live on this database' using errcode = '57M02', detail = of_site;
  end if;
  perform set_config('balise.site', of_site::text, true);
  perform set_config('jit', 'off', true);
  if pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('32MB') then
    perform set_config('work_mem', '32MB', true);
  end if;
  if to_regrole('balise_site') is not null and pg_has_role('balise_site', 'member') then
    perform set_config('role', 'balise_site', true);
  end if;
end
$function$
;

CREATE OR REPLACE FUNCTION public.ask_sweep()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into sweeps (site) values ((to_jsonb(new) ->> tg_argv[0])::integer)
  on conflict (site) do update set is_asked_again = true where sweeps.stage <> 'asked' and not sweeps.is_asked_again;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION public.beyond_retention(of_site integer, first_day date, last_day date, needs text)
 RETURNS date
 LANGUAGE sql
 STABLE
AS $function$
  select max(begins) from sites
  cross join lateral (values
    (sums_from),
    (case when needs = 'raw' or (needs = 'whole' and last_day >= raw_from) then raw_from end)
  ) as bound (begins)
  where id = of_site and first_day < begins
$function$
;

CREATE OR REPLACE FUNCTION public.change_rollups(of_site integer, of_visitors uuid[], was bigint, becomes bigint, since date)
 RETURNS void
 LANGUAGE sql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.changes(of_site integer, of_visitors uuid[], since bigint, until bigint, of_dimensions text[], seen_from date)
 RETURNS TABLE(dimension text, day date, value text, gap integer, visitors bigint, events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint)
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.changes_since_fold(of_site integer, of_dimension text, since date)
 RETURNS TABLE(day date, value text, gap integer, visitors bigint, events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint)
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
  select c.day, c.value, c.gap, c.visitors, c.events, c.page_views, c.visits, c.bounces, c.duration_ms
  from waiting(of_site) as tail
  cross join lateral changes(
    of_site, tail.visitors, tail.below, 9223372036854775807, array[of_dimension], since -- above every transaction's number
  ) as c
$function$
;

CREATE OR REPLACE FUNCTION public.collect_unfolded(since bigint, until bigint, blocks_max integer, INOUT part oid, INOUT file oid, INOUT block bigint, OUT events integer)
 RETURNS record
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  found_at tid;
begin
  events := 0;
  if block is not null and file is distinct from pg_relation_filenode(part) then block := null; part := part - 1; end if;
  loop
    while block is null loop
      select relid into part from pg_partition_tree('events')
      where isleaf and relid > coalesce(part, 0) order by relid::oid limit 1;
      if part is null then return; end if;
      execute format('select ctid from only %s where stored_by >= $1 and stored_by < $2 limit 1', part::regclass)
      into found_at using since, until;
      block := (found_at::text::point)[0]; -- of the first one: pages are read in their order
      file := pg_relation_filenode(part);
    end loop;
    exit when block < pg_relation_size(part) / current_setting('block_size')::integer;
    block := null;
  end loop;
  execute format($insert$
    insert into unfolded as u (site, visitor, first_at, events)
    select site, visitor, min(at), count(*) from only %s
    where ctid >= $1 and ctid < $2 and stored_by >= $3 and stored_by < $4
    group by site, visitor
    on conflict (site, visitor) do update set
      first_at = least(u.first_at, excluded.first_at), events = u.events + excluded.events
    $insert$, part::regclass)
  using format('(%s,0)', block)::tid, format('(%s,0)', block + blocks_max)::tid, since, until;
  get diagnostics events = row_count;
  block := block + blocks_max;
end
$function$
;

CREATE OR REPLACE FUNCTION public.contributions(of_site integer, of_visitors uuid[], below bigint, of_dimensions text[])
 RETURNS TABLE(dimension text, day date, value text, gap integer, visitors bigint, events bigint, page_views bigint, visits bigint, bounces bigint, duration_ms bigint)
 LANGUAGE sql
 STABLE
AS $function$
  with stepped as (
    select e.id, e.at, e.visitor, e.session, e.kind, e.page, e.origin, e.client, e.place, e.action,
      lag(e.at) over step is null or e.at - lag(e.at) over step > longest_pause(e.session) as starts
    from (
      select id, at, visitor, session, kind, page, origin, client, place, action
      from events
      where site = of_site and visitor = any (of_visitors) and (stored_by < below) is true
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
$function$
;

CREATE OR REPLACE FUNCTION public.current_site()
 RETURNS integer
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('balise.site'::text, true), ''::text))::integer
;

CREATE OR REPLACE FUNCTION public.day_start(day date, on_clock text)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select (day::timestamp - interval '1 microsecond') at time zone on_clock + interval '1 microsecond'
$function$
;

CREATE OR REPLACE FUNCTION public.dead_letters_held()
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select count(*)::integer from (select from dead_letters limit 10000) as letter
$function$
;

CREATE OR REPLACE FUNCTION public.destroy_dead_shares(moment timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  delete from site_day_shares where dies_at <= moment
$function$
;

CREATE OR REPLACE FUNCTION public.draw_quota(of_site integer, of_day date, wanted bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  drawn bigint;
  given bigint;
begin
  insert into quota_draws (site, day, events) values (of_site, of_day, 0) on conflict do nothing;
  if found then delete from quota_draws where site = of_site and day < of_day - 31; end if;

  select events into drawn from quota_draws where site = of_site and day = of_day for update;
  select least(wanted, greatest(0, coalesce(events_per_day_max, drawn + wanted) - drawn)) into given
  from sites where id = of_site;

  update quota_draws set events = drawn + given where site = of_site and day = of_day;
  return given;
end
$function$
;

CREATE OR REPLACE FUNCTION public.drop_packed(part regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.drop_partition(part regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.erase(of_site integer, subject text, subjects uuid[], asked_by integer)
 RETURNS TABLE(id uuid, at timestamp with time zone, erased_events integer, suppressed integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.erase_copy(of_site integer, subjects uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  noted uuid;
begin
  if not exists (select from sites where id = of_site and lives_on is not null) then return; end if;
  perform set_config('balise.arriving', of_site::text, true);
  select id into noted from erase(of_site, 'visitor', subjects, null);
  delete from erasures where id = noted;
end
$function$
;

CREATE OR REPLACE FUNCTION public.expire_dead_letters(as_of timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  expired_before timestamptz := least(as_of, now()) - interval '31 days';
  expiring integer[] := array(select distinct site from dead_letters where set_aside_at < expired_before order by site);
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), site) from unnest(expiring) as site;

  with gone as (
    delete from dead_letters as letter using sites
    where sites.id = letter.site and lives_on is null and letter.site = any (expiring) and set_aside_at < expired_before
    returning letter.site, (now() at time zone time_zone)::date as day
  )
  insert into refusals (site, day, reason, count)
  select site, day, 'too_old', count(*) from gone group by site, day order by site
  on conflict (site, day, reason) do update set count = refusals.count + excluded.count;
end
$function$
;

CREATE OR REPLACE FUNCTION public.expired_partition()
 RETURNS regclass
 LANGUAGE sql
 STABLE
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.first_month(since date)
 RETURNS date
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select date_trunc('month', since::timestamp + interval '1 month' - interval '1 day')::date
$function$
;

CREATE OR REPLACE FUNCTION public.first_pentad(since date)
 RETURNS date
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case when extract(day from since) > 26 then (date_trunc('month', since::timestamp) + interval '1 month')::date
    else date_trunc('month', since::timestamp)::date + 5 * ((extract(day from since)::integer + 3) / 5) end
$function$
;

CREATE OR REPLACE FUNCTION public.fold(events_max integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), id)
  from (
    select id from sites where exists (select from unfolded where unfolded.site = sites.id) order by id
  ) as locked;
  return fold_next(events_max);
end
$function$
;

CREATE OR REPLACE FUNCTION public.fold_next(events_max integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  state folds;
  ended bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint; -- all transactions before it have ended
  begun bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint; -- all from it on have not begun
  bound record;
  collected record;
  tail record;
  folded integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('balise fold'), 0) then return null; end if;
  select * into state from folds;

  if state.until is null then
    if state.collecting is null then
      select * into bound from next_cut(state.upto, ended, events_max);
      if bound.is_more then state.collecting := bound.cut; end if;
    end if;
    if state.collecting is not null then
      select * into collected from collect_unfolded(state.upto, state.collecting, 1000,
        state.collected_part, state.collected_file, state.collected_blocks);
      state.collected_part := collected.part;
      state.collected_file := collected.file;
      state.collected_blocks := collected.block;
      folded := greatest(collected.events, 1);
      if collected.part is null then
        state.until := state.collecting;
        state.collecting := null;
        folded := 0;
      end if;
    else
      for tail in
        select site, array_agg(distinct visitor) as visitors, count(*) as events
        from events where stored_by >= state.upto and stored_by < bound.cut
        group by site order by site
      loop
        perform fold_visitors(tail.site, tail.visitors, state.upto, bound.cut);
        folded := folded + tail.events;
      end loop;
      state.upto := bound.cut;
    end if;
  end if;

  if state.until is not null then
    for tail in
      with next as (
        select *, sum(events) over (order by site, first_at, visitor) - events as before
        from (select * from unfolded order by site, first_at, visitor limit events_max) as first_ones
      ),
      taken as (
        delete from unfolded using next
        where before < events_max and unfolded.site = next.site and unfolded.visitor = next.visitor
        returning unfolded.*
      )
      select site, array_agg(visitor) as visitors, sum(events) as events from taken group by site order by site
    loop
      perform fold_visitors(tail.site, tail.visitors, state.upto, state.until);
      folded := folded + tail.events;
    end loop;
    if not exists (select from unfolded) then
      state.upto := state.until;
      state.until := null;
    end if;
  end if;

  if state.upto >= state.noticed then
    state.folded_at := state.noticed_at;
    state.noticed := begun;
    state.noticed_at := clock_timestamp();
  end if;
  update folds set upto = state.upto, until = state.until, collecting = state.collecting,
    collected_part = state.collected_part, collected_file = state.collected_file, collected_blocks = state.collected_blocks,
    folded_at = state.folded_at, noticed = state.noticed, noticed_at = state.noticed_at, failed_at = null, failure = null;
  return folded;
end
$function$
;

CREATE OR REPLACE FUNCTION public.fold_step(pace_ms integer, events_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  began timestamptz := clock_timestamp();
  ended bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint; -- all transactions before it have ended
  size integer := (select least(step_events, events_max) from folds);
  done integer := fold(size);
  is_all boolean := (select upto >= ended and until is null and collecting is null from folds);
  took_ms double precision;
begin
  if done is null then return null; end if;
  if is_all then
    is_all := not exists (select from refolds);
    done := done + refold(size);
  end if;

  took_ms := 1 + 1000 * extract(epoch from clock_timestamp() - began);
  update folds set step_events = case
    when took_ms > pace_ms then greatest(100, size * greatest(0.5, pace_ms / took_ms))
    when done >= size / 2 then greatest(step_events, least(50000, size * least(2, pace_ms / took_ms)))
    else step_events
  end;
  return case when is_all then 0 else greatest(done, 1) end;
end
$function$
;

CREATE OR REPLACE FUNCTION public.fold_visitors(of_site integer, of_visitors uuid[], since bigint, until bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), of_site);
  perform refresh_rollups(of_site, rolled_visitors(of_site, of_visitors), since, until);
end
$function$
;

CREATE OR REPLACE FUNCTION public.folded_upto(of_site integer, of_visitors uuid[])
 RETURNS TABLE(visitors uuid[], below bigint)
 LANGUAGE sql
 STABLE
AS $function$
  select array_agg(asked.visitor), marked.below
  from unnest(of_visitors) as asked (visitor)
  cross join folds as f
  left join unfolded as w on w.site = of_site and w.visitor = asked.visitor
  cross join lateral (select case when w.visitor is null then coalesce(f.until, f.upto) else f.upto end as below) as marked
  group by marked.below
$function$
;

CREATE OR REPLACE FUNCTION public.forget_dead_letters()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from dead_letters as letter using forgotten
  where letter.site = forgotten.site
    and forgotten.subject::text in (letter.visitor, letter.visitor_before, letter."user");
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION public.forgotten_since_copies(of_site integer)
 RETURNS TABLE(database text, subjects text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select database, array(
    select subject::text from suppressions
    where suppressions.site = of_site and at > noted_at - interval '10 minutes'
    order by subject
  )
  from copies
  where site = of_site
$function$
;

CREATE OR REPLACE FUNCTION public.fresh_visits(of_site integer)
 RETURNS TABLE(at timestamp with time zone, visitor uuid, session uuid, kind event_kind, path text, name text, endpoint text, channel text, starts boolean, started_at timestamp with time zone, duration_ms numeric, bounced boolean, origin bigint, client bigint, place bigint, entry_path text)
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
#variable_conflict use_column
declare
  tail record;
begin
  for tail in select * from waiting(of_site) loop
    return query
    with stepped as (
      select id, at, visitor, session, kind, page, origin, client, place, action, stored_by >= tail.below as is_new,
        lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
      from events
      where site = of_site and visitor = any (tail.visitors)
      window step as (partition by visitor, session order by at, id)
    ),
    numbered as (
      select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
      from stepped
    ),
    touched as (
      select *, bool_or(is_new) over (partition by visit) as is_touched from numbered
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
      from touched
      where is_touched
      window whole as (partition by visit order by at, id rows between unbounded preceding and unbounded following)
    )
    select at, visitor, session, kind, page.path, action.name, action.endpoint, action.channel,
      starts, started_at, duration_ms, bounced, visited.origin, visited.client, visited.place, entry.path
    from visited
    left join pages as page on page.site = of_site and page.id = visited.page
    left join actions as action on action.site = of_site and action.id = visited.action
    left join pages as entry on entry.site = of_site and entry.id = visited.entry;
  end loop;
end
$function$
;

CREATE OR REPLACE FUNCTION public.in_spans(of_dimension text, of_day date, of_gap integer, of_visitors bigint)
 RETURNS TABLE(dimension text, day date, gap integer, visitors bigint)
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select of_dimension || span, first_day,
    case when of_gap > of_day - first_day then of_gap - (of_day - first_day) end,
    case when of_gap <= of_day - first_day then 0 else of_visitors end
  from spans_of(of_day)
  where span = '' or of_dimension <> 'time:hour'
$function$
;

CREATE OR REPLACE FUNCTION public.is_expired(of_site integer, of_visitor uuid, of_session uuid, moment timestamp with time zone, begins timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select moment < begins and not exists (
    select from border_visits as b
    where b.site = of_site and b.visitor = of_visitor and b.session is not distinct from of_session and moment >= b.from_at)
$function$
;

CREATE OR REPLACE FUNCTION public.is_folded(of_site integer, on_clock text)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
AS $function$
  select not exists (select from refolds where site = of_site)
    and exists (select from sites where id = of_site and time_zone = on_clock)
$function$
;

CREATE OR REPLACE FUNCTION public.is_skewed(id uuid, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (abs((((((('x'::text || "left"((id)::text, 8)))::bit(32))::bigint)::double precision * (65.536)::double precision) - date_part('epoch'::text, at))) > ((86400 - 66))::double precision)
;

CREATE OR REPLACE FUNCTION public.is_wanted(part regclass, ends date)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.keep_clock()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.sums_from is distinct from old.raw_from then
    raise exception 'Days before % are only sums on the clock of %. Have them dropped first: balise site retention % --sums drop',
      old.raw_from, old.time_zone, old.key using errcode = '23514';
  end if;
  new.raw_from := old.raw_from + 1;
  new.sums_from := new.raw_from;
  new.is_swept := false;
  return new;
end
$function$
;

CREATE OR REPLACE FUNCTION public.keep_day_share(of_site integer, day date, share bytea, other_share text, dies_at timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  insert into site_day_shares values (of_site, day, share, other_share, dies_at) on conflict do nothing
$function$
;

CREATE OR REPLACE FUNCTION public.list_strays(sweep sweeps, rows_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.longest_pause(session uuid)
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (session IS NULL) THEN '00:30:00'::interval ELSE '24:00:00'::interval END
;

CREATE OR REPLACE FUNCTION public.move_retention(of_site integer, as_of timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
  clock text;
  wanted date;
  begins timestamptz;
begin
  select time_zone, (date_trunc('month', as_of at time zone time_zone) - make_interval(months => retention_months))::date
  into clock, wanted
  from sites where id = of_site and retention_months is not null
    and not exists (select from refolds where site = of_site);
  if wanted is null or exists (select from sites where id = of_site and raw_from >= wanted) then return false; end if;

  perform pg_advisory_xact_lock(hashtext('balise erasure'), of_site);
  begins := day_start(wanted, clock);
  if exists (
    select from waiting(of_site) as w
    join events as e on e.site = of_site and e.visitor = any (w.visitors) and e.stored_by >= w.below and e.at < begins
  ) then return false; end if;

  delete from border_visits where site = of_site;
  insert into border_visits
  with near as (
    select visitor, session, at from events
    where site = of_site and at >= begins - interval '24 hours' and at < begins + interval '24 hours'
      and (skewed or (id >= uuidv7_floor(begins - interval '48 hours') and id < uuidv7_floor(begins + interval '48 hours')))
  ),
  candidates as (
    select visitor from near group by visitor, session having min(at) < begins and max(at) >= begins
  ),
  stepped as (
    select id, visitor, session, at,
      lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
    from events
    where site = of_site and visitor in (select visitor from candidates)
    window step as (partition by visitor, session order by at, id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
    from stepped
  )
  select of_site, visitor, session, min(at) from numbered
  group by visitor, session, visit having min(at) < begins and max(at) >= begins;

  update sites set raw_from = wanted, sums_from = case when keeps_sums then sums_from else wanted end, is_swept = false
  where id = of_site;
  return true;
end
$function$
;

CREATE OR REPLACE FUNCTION public.next_cut(since bigint, until bigint, events_max integer, OUT cut bigint, OUT is_more boolean)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  room integer := events_max;
  counted integer := stored_between(since, until, events_max + 1);
  low bigint := since;  -- all before it fits
  high bigint := until; -- all before it does not
  middle bigint;
begin
  cut := until;
  is_more := false;
  if counted <= room then return; end if;
  while high - low > 1 loop
    middle := low + (high - low) / 2;
    counted := stored_between(low, middle, room + 1);
    if counted > room then
      high := middle;
    else
      low := middle;
      room := room - counted;
    end if;
  end loop;
  is_more := room = events_max;
  cut := case when is_more then high else low end;
end
$function$
;

CREATE OR REPLACE FUNCTION public.note_fold_failure(code text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update folds set failed_at = clock_timestamp(), failure = code, step_events = greatest(100, step_events / 2)
$function$
;

CREATE OR REPLACE FUNCTION public.pack_step(as_of timestamp with time zone, events_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET lock_timeout TO '2s'
 SET jit TO 'off'
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.packed_events_of(of_site integer, of_visitors uuid[], since timestamp with time zone)
 RETURNS SETOF packed_events
 LANGUAGE plpgsql
 STABLE PARALLEL RESTRICTED
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_nestloop TO 'on'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
begin
  return query select * from packed_events
  where site = of_site and visitor = any (of_visitors) and visit_started_at >= since - interval '24 hours';
end
$function$
;

CREATE OR REPLACE FUNCTION public.packed_id(at timestamp with time zone, nth bigint, session uuid, visitor uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select encode(
    int8send(((extract(epoch from at) * 1000)::bigint << 16) | (7 << 12) | nth)
      || set_byte(substr(names, 1, 8), 0, get_byte(names, 0) & 63 | 128),
    'hex')::uuid
  from decode(md5(uuid_send(visitor) || coalesce(uuid_send(session), '')), 'hex') as names
$function$
;

CREATE OR REPLACE FUNCTION public.partition_end(part regclass)
 RETURNS date
 LANGUAGE sql
 STABLE
AS $function$
  select (case when part::text like 'events%' then uuidv7_time(bound::uuid) else bound::timestamptz end at time zone 'UTC')::date
  from pg_class
  cross join lateral substring(pg_get_expr(relpartbound, oid) from 'TO \(''(.*)''\)') as bound
  where oid = part
$function$
;

CREATE OR REPLACE FUNCTION public.pentad_of(day date)
 RETURNS date
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select date_trunc('month', day::timestamp)::date + 5 * least(5, (extract(day from day)::integer - 1) / 5)
$function$
;

CREATE OR REPLACE FUNCTION public.prepare_packed(first timestamp with time zone, last timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.prepare_partitions(first date, last date)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.refold(events_max integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.refold_site()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into refolds as r (site) values (new.id)
  on conflict (site) do update set is_empty = false, upto = null, asked_at = excluded.asked_at;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION public.refresh_counts(of_site integer, of_visitors uuid[], since bigint, until bigint)
 RETURNS void
 LANGUAGE sql
AS $function$
  select change_rollups(of_site, of_visitors, since, until,
    case when since > 0 then '-infinity' else coalesce(raw_from, '-infinity') end)
  from sites where id = of_site
$function$
;

CREATE OR REPLACE FUNCTION public.refresh_rollups(of_site integer, of_visitors uuid[], since bigint, until bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform refresh_counts(of_site, of_visitors, since, until);
  perform refresh_visits(of_site, of_visitors, since, until);
end
$function$
;

CREATE OR REPLACE FUNCTION public.refresh_visits(of_site integer, of_visitors uuid[], since bigint, until bigint)
 RETURNS void
 LANGUAGE sql
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.refuse_row_unless_here()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform refuse_unless_here(array[new.site]);
  return new;
end
$function$
;

CREATE OR REPLACE FUNCTION public.refuse_too_old()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.refuse_unless_here(of_sites integer[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  away text;
  held text;
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), site)
  from (select distinct site from unnest(of_sites) as site order by site) as locked;

  select
    string_agg(site::text, ' ') filter (
      where id is null or (lives_on is not null and current_setting('balise.arriving', true) is distinct from site::text)),
    string_agg(site::text, ' ') filter (where held_until > clock_timestamp())
  into away, held
  from unnest(of_sites) as site
  left join sites on id = site;

  if away is not null then
    raise exception 'a site does not live on this database' using errcode = '57M02', detail = away;
  elsif held is not null then
    raise exception 'a site is about to move' using errcode = '57M01', detail = held;
  end if;
end
$function$
;

CREATE OR REPLACE FUNCTION public.remove_deeds(of_site integer, rows_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  perform remove_strays(of_site, 'deeds', rows_max);
  if exists (select from strays where site = of_site and dictionary = 'deeds') then return false; end if;

  delete from strays where site = of_site and dictionary = 'pages' and id in (select page from deeds where site = of_site);
  delete from strays where site = of_site and dictionary = 'actions' and id in (select action from deeds where site = of_site);
  return true;
end
$function$
;

CREATE OR REPLACE FUNCTION public.remove_others(of_site integer, ended bigint, rows_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  if stored_between(ended, 9223372036854775807, 10001) > 10000 then return null; end if;
  lock table pages, origins, actions, clients, places in share row exclusive mode;
  perform spare(of_site, since => ended);
  perform remove_strays(of_site, dictionary, rows_max)
  from unnest(array['pages', 'origins', 'actions', 'clients', 'places']) as dictionary;
  return not exists (select from strays where site = of_site);
end
$function$
;

CREATE OR REPLACE FUNCTION public.remove_strays(of_site integer, of_dictionary text, rows_max integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.retain_step(as_of timestamp with time zone, rows_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET lock_timeout TO '2s'
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.rolled_up()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
RETURN ARRAY['total'::text, 'time:hour'::text, 'event:path'::text, 'event:kind'::text, 'event:name'::text, 'event:endpoint'::text, 'event:channel'::text, 'visit:source'::text, 'visit:channel'::text, 'visit:country'::text, 'visit:browser'::text, 'visit:os'::text, 'visit:device'::text, 'visit:entry_page'::text]
;

CREATE OR REPLACE FUNCTION public.rolled_visitors(of_site integer, of_visitors uuid[])
 RETURNS uuid[]
 LANGUAGE sql
 STABLE
AS $function$
  select array_agg(asked.visitor) from unnest(of_visitors) as asked (visitor)
  where not exists (select from refolds as r where r.site = of_site and (r.upto is null or asked.visitor > r.upto))
$function$
;

CREATE OR REPLACE FUNCTION public.seconds_of(started_at timestamp with time zone, ended_at timestamp with time zone, ms integer[], on_clock text)
 RETURNS integer[]
 LANGUAGE sql
 STABLE
AS $function$
  select case when date_trunc('hour', started_at at time zone on_clock) <> date_trunc('hour', ended_at at time zone on_clock)
    then array(
      select (floor(extract(epoch from started_at + after * interval '1 millisecond')) - floor(extract(epoch from started_at)))::integer
      from unnest(ms) with ordinality as step (after, nth) order by nth
    ) end
$function$
;

CREATE OR REPLACE FUNCTION public.set_aside(of_site integer, of_id text, of_visitor text, of_visitor_before text, of_user text, event text, failure text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), of_site);
  if exists (
    select from suppressions
    where site = of_site and subject::text in (lower(of_visitor), lower(of_visitor_before), lower(of_user))
  ) then return; end if;
  if (select count(*) from dead_letters where site = of_site) >= 10000 then
    raise exception 'a site has 10,000 events set aside' using errcode = '53400',
      hint = 'See why with "balise dead-letters list", mend it, then run "balise dead-letters retry".';
  end if;
  insert into dead_letters (site, id, visitor, visitor_before, "user", event, failure)
  values (of_site, of_id, lower(of_visitor), lower(of_visitor_before), lower(of_user), event, failure)
  on conflict do nothing;
end
$function$
;

CREATE OR REPLACE FUNCTION public.set_retention(of_site integer, months integer, keeps boolean)
 RETURNS void
 LANGUAGE sql
AS $function$
  update sites set retention_months = months, keeps_sums = keeps,
    sums_from = case when keeps then sums_from else raw_from end,
    is_swept = is_swept and (keeps or raw_from is null)
  where id = of_site
$function$
;

CREATE OR REPLACE FUNCTION public.signature_of(kind event_kind, path text, name text, endpoint text, channel text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((((signature_of('event:kind'::text, (kind)::text) | signature_of('event:path'::text, path)) | signature_of('event:name'::text, COALESCE(name, '(none)'::text))) | signature_of('event:endpoint'::text, COALESCE(endpoint, '(none)'::text))) | signature_of('event:channel'::text, COALESCE(channel, '(none)'::text)))
;

CREATE OR REPLACE FUNCTION public.signature_of(fact text, value text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((1)::bigint << CASE WHEN (value = '(none)'::text) THEN 0 WHEN (fact = 'event:kind'::text) THEN array_position(ARRAY['page_view'::text, 'api_call'::text, 'contact'::text, 'custom'::text, 'engagement'::text], value) ELSE (8 + (get_byte(sha256(convert_to(((fact || ' '::text) || value), 'UTF8'::name)), 0) % 56)) END)
;

CREATE OR REPLACE FUNCTION public.spans_of(day date)
 RETURNS TABLE(span text, first_day date)
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  values ('', day), ('/pentad', pentad_of(day)), ('/month', date_trunc('month', day::timestamp)::date)
$function$
;

CREATE OR REPLACE FUNCTION public.spare(of_site integer, after uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid, upto uuid DEFAULT 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, since bigint DEFAULT 0, until bigint DEFAULT '9223372036854775807'::bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_custom_plan'
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.spare_of_events(sweep sweeps, events_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
  read record;
begin
  select (array_agg(id order by id desc))[1] as last, count(*) < events_max as is_all into read
  from (select id from events where site = sweep.site and id > sweep.seen_events order by id limit events_max) as next;
  perform spare(sweep.site, after => sweep.seen_events, upto => read.last);
  update sweeps set seen_events = coalesce(read.last, seen_events) where site = sweep.site;
  return read.is_all;
end
$function$
;

CREATE OR REPLACE FUNCTION public.spare_of_stored(sweep sweeps, ended bigint, events_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
  upto bigint := (select cut from next_cut(sweep.seen_below, ended, events_max));
begin
  perform spare(sweep.site, since => sweep.seen_below, until => upto);
  update sweeps set seen_below = upto where site = sweep.site;
  return upto = ended;
end
$function$
;

CREATE OR REPLACE FUNCTION public.spare_of_visits(sweep sweeps, visits_max integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_custom_plan'
 SET enable_seqscan TO 'off'
 SET enable_nestloop TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.store_arriving(of_site integer, batch json)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform set_config('balise.arriving', of_site::text, true);
  perform store_events(batch);
end
$function$
;

CREATE OR REPLACE FUNCTION public.store_events(batch json)
 RETURNS TABLE(id uuid, outcome text)
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.store_here(of_sites integer[], batch json)
 RETURNS TABLE(id uuid, outcome text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform refuse_unless_here(of_sites);
  return query select * from store_events(batch);
end
$function$
;

CREATE OR REPLACE FUNCTION public.stored_between(since bigint, until bigint, most integer)
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET enable_seqscan TO 'off'
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select count(*)::integer from (
    select from events where stored_by >= since and stored_by < until limit most
  ) as counted
$function$
;

CREATE OR REPLACE FUNCTION public.sweep_step(as_of timestamp with time zone, rows_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET lock_timeout TO '300ms'
 SET jit TO 'off'
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.ten_days_of(day date)
 RETURNS date
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select date_trunc('month', day::timestamp)::date + 10 * least(2, (extract(day from day)::integer - 1) / 10)
$function$
;

CREATE OR REPLACE FUNCTION public.unpack(of_site integer, of_visitors uuid[], since timestamp with time zone, until timestamp with time zone)
 RETURNS void
 LANGUAGE sql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.unseen_of(gaps integer[], visitors bigint[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  longest integer := 0;
  still bigint := 0;
  unseen integer[];
begin
  if cardinality(gaps) = 1 then
    return case when gaps[1] is null then array[visitors[1]::integer] else array_fill(visitors[1]::integer, array[gaps[1]]) || 0 end;
  end if;
  for n in 1 .. cardinality(gaps) loop
    longest := greatest(longest, gaps[n]);
  end loop;
  unseen := array_fill(0, array[longest + 1]);
  for n in 1 .. cardinality(gaps) loop
    if gaps[n] is null then still := still + visitors[n];
    else unseen[gaps[n]] := unseen[gaps[n]] + visitors[n];
    end if;
  end loop;
  for k in reverse longest + 1 .. 1 loop
    still := still + unseen[k];
    unseen[k] := still;
  end loop;
  return unseen;
end
$function$
;

CREATE OR REPLACE FUNCTION public.unseen_plus(a integer[], b integer[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  long integer[] := case when cardinality(a) < cardinality(b) then b else a end;
  short integer[] := case when cardinality(a) < cardinality(b) then a else b end;
  size integer := cardinality(long);
  short_size integer := cardinality(short);
begin
  for k in 1 .. size loop
    long[k] := long[k] + short[least(k, short_size)];
  end loop;
  while size > 1 and long[size] = long[size - 1] loop
    size := size - 1;
  end loop;
  return long[1:size];
end
$function$
;

CREATE OR REPLACE FUNCTION public.unseen_within(unseen integer[], days integer)
 RETURNS integer[]
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select unseen_plus(unseen[1 : 1 + days], '{0}')
$function$
;

CREATE OR REPLACE FUNCTION public.uuidv7_floor(moment timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ((lpad(to_hex((floor((EXTRACT(epoch FROM moment) * (1000)::numeric)))::bigint), 12, '0'::text) || repeat('0'::text, 20)))::uuid
;

CREATE OR REPLACE FUNCTION public.uuidv7_time(id uuid)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN to_timestamp((((((('x'::text || "left"(replace((id)::text, '-'::text, ''::text), 12)))::bit(48))::bigint)::numeric / 1000.0))::double precision)
;

CREATE OR REPLACE FUNCTION public.visitors_after(of_site integer, after uuid, events_max integer, OUT visitors uuid[], OUT events integer)
 RETURNS record
 LANGUAGE sql
 STABLE
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.visits_follow_events()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from visits using gone
  where visits.site = gone.site and not visits.is_packed and visits.started_at = gone.at and visits.visitor = gone.visitor;

  perform refresh_visits(left_over.site, folded.visitors, 0, folded.below)
  from (select site, array_agg(distinct visitor) as visitors from gone group by site) as left_over
  cross join lateral folded_upto(left_over.site, rolled_visitors(left_over.site, left_over.visitors)) as folded;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION public.waiting(of_site integer)
 RETURNS TABLE(visitors uuid[], below bigint)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION public.was_seen(of_site integer, of_visitor uuid, since timestamp with time zone, before timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  return exists (select from events where site = of_site and visitor = of_visitor and at >= since and at < before);
end
$function$
;

-- triggers

CREATE TRIGGER here BEFORE INSERT ON public.dead_letters FOR EACH ROW EXECUTE FUNCTION refuse_row_unless_here();

CREATE TRIGGER ask_sweep AFTER INSERT ON public.erasures FOR EACH ROW EXECUTE FUNCTION ask_sweep('site');

CREATE TRIGGER here BEFORE INSERT ON public.erasures FOR EACH ROW EXECUTE FUNCTION refuse_row_unless_here();

CREATE TRIGGER events_gone AFTER DELETE ON public.events REFERENCING OLD TABLE AS gone FOR EACH STATEMENT WHEN ((current_setting('balise.packing'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION visits_follow_events();

CREATE TRIGGER events_too_old BEFORE INSERT ON public.events FOR EACH ROW WHEN ((new.at < (now() - '27 days'::interval))) EXECUTE FUNCTION refuse_too_old();

CREATE TRIGGER here BEFORE INSERT ON public.quota_draws FOR EACH ROW EXECUTE FUNCTION refuse_row_unless_here();

CREATE TRIGGER ask_sweep AFTER INSERT OR UPDATE ON public.refusals FOR EACH ROW WHEN ((new.reason = 'forgotten'::text)) EXECUTE FUNCTION ask_sweep('site');

CREATE TRIGGER here BEFORE INSERT ON public.refusals FOR EACH ROW EXECUTE FUNCTION refuse_row_unless_here();

CREATE TRIGGER here BEFORE INSERT ON public.site_day_shares FOR EACH ROW EXECUTE FUNCTION refuse_row_unless_here();

CREATE TRIGGER ask_sweep AFTER UPDATE OF is_swept ON public.sites FOR EACH ROW WHEN ((new.is_swept AND (NOT old.is_swept))) EXECUTE FUNCTION ask_sweep('id');

CREATE TRIGGER sites_clock_kept BEFORE UPDATE OF time_zone ON public.sites FOR EACH ROW WHEN (((old.time_zone <> new.time_zone) AND (old.raw_from IS NOT NULL))) EXECUTE FUNCTION keep_clock();

CREATE TRIGGER sites_refolded AFTER UPDATE OF time_zone ON public.sites FOR EACH ROW WHEN ((old.time_zone <> new.time_zone)) EXECUTE FUNCTION refold_site();

CREATE TRIGGER forget_dead_letters AFTER INSERT ON public.suppressions REFERENCING NEW TABLE AS forgotten FOR EACH STATEMENT EXECUTE FUNCTION forget_dead_letters();

CREATE TRIGGER here BEFORE INSERT ON public.suppressions FOR EACH ROW EXECUTE FUNCTION refuse_row_unless_here();

-- walls

create policy one_site on actions to public using (site = current_site());

create policy one_site on border_visits to public using (site = current_site());

create policy one_site on clients to public using (site = current_site());

create policy one_site on copies to public using (site = current_site());

create policy one_site on counted_refusals to public using (site = current_site());

create policy one_site on dead_letters to public using (site = current_site());

create policy one_site on deeds to public using (site = current_site());

create policy one_site on erasures to public using (site = current_site());

create policy one_site on events to public using (site = current_site());

create policy one_site on origins to public using (site = current_site());

create policy one_site on packs to public using (site = current_site());

create policy one_site on pages to public using (site = current_site());

create policy one_site on places to public using (site = current_site());

create policy one_site on quota_draws to public using (site = current_site());

create policy one_site on refolds to public using (site = current_site());

create policy one_site on refusals to public using (site = current_site());

create policy one_site on rollups to public using (site = current_site());

create policy one_site on site_day_shares to public using (site = current_site());

create policy every_site on sites to balise_collector using true;

create policy one_site on sites to public using (id = current_site());

create policy one_site on strays to public using (site = current_site());

create policy one_site on suppressions to public using (site = current_site());

create policy one_site on sweeps to public using (site = current_site());

create policy every_token on tokens to balise_collector using true;

create policy one_site on tokens to public using (site = current_site());

create policy one_site on unfolded to public using (site = current_site());

create policy one_site on visits to public using (site = current_site());

-- grants

grant select on actions to balise_site;

grant select on border_visits to balise_site;

grant select on clients to balise_site;

grant select on copies to balise_site;

grant select on counted_refusals to balise_site;

grant select on dead_letters to balise_site;

grant select on deeds to balise_site;

grant select on erasures to balise_site;

grant select on events to balise_site;

grant select on folds to balise_collector;

grant select on folds to balise_site;

grant select on origins to balise_site;

grant select on packed_events to balise_site;

grant select on packs to balise_site;

grant select on pages to balise_site;

grant select on places to balise_site;

grant select on quota_draws to balise_site;

grant select on refolds to balise_site;

grant select on refusals to balise_site;

grant select on rollups to balise_site;

grant select on site_day_shares to balise_site;

grant select on sites to balise_collector;

grant select on sites to balise_site;

grant select on strays to balise_site;

grant select on suppressions to balise_site;

grant select on sweeps to balise_site;

grant select on tokens to balise_collector;

grant select on unfolded to balise_site;

grant select on visits to balise_site;
