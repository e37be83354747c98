-- Raw events go after so many months, and give their bytes back; what they added to the rollups may stay, as sums that name
-- nobody.
--
-- A site's raw events begin with `raw_from`, the first day of a month on its own clock. The unit is the visit: one that
-- reaches over that midnight stays whole. Moving `raw_from` on changes no rollup: what a visitor adds is always told as the
-- difference between what their raw events add up to now and what they did, so what is gone from both sides stays added.

alter table sites
  add column retention_months integer check (retention_months between 1 and 120), -- null: for ever
  add column keeps_sums boolean not null default true,  -- whether rollups outlive the raw events
  add column raw_from date,                             -- null: nothing is gone yet
  add column sums_from date,                            -- before it there are no rollups either; null: there are
  add column is_swept boolean not null default true;    -- nothing older is left

-- The visits that reach over the beginning of their site's raw events.
create table border_visits (
  site integer not null references sites on delete cascade,
  visitor uuid not null,
  session uuid,
  from_at timestamptz not null
);
create index border_visits_visitor on border_visits (site, visitor);

-- The instant at which a day begins on a clock: see `startOf` in query/range.ts.
create function day_start(day date, on_clock text) returns timestamptz
language sql immutable as $$
  select (day::timestamp - interval '1 microsecond') at time zone on_clock + interval '1 microsecond'
$$;

-- Why a question cannot be answered exactly: the day it would have to begin with; null where it can. `needs` is 'raw'
-- events, 'whole' (visitors told apart over the whole range, which sums can do only on one side of `raw_from`), or 'sums'.
create function beyond_retention(of_site integer, first_day date, last_day date, needs text) returns date
language sql stable as $$
  select max(begins) from sites
  cross join lateral (values
    (sums_from),
    (case when needs = 'raw' or (needs = 'whole' and last_day >= raw_from) then raw_from end)
  ) as bound (begins)
  where id = of_site and first_day < begins
$$;

-- The part of an `unseen` that tells of so many days back, without what only repeats at its end.
create function unseen_within(unseen integer[], days integer) returns integer[]
language sql immutable as $$
  select unseen_plus(unseen[1 : 1 + days], '{0}')
$$;

-- Sets for how many months (null: for ever) a site keeps raw events, and whether its rollups outlive them.
create function set_retention(of_site integer, months integer, keeps boolean) returns void
language sql as $$
  update sites set retention_months = months, keeps_sums = keeps,
    sums_from = case when keeps then sums_from else raw_from end,
    is_swept = is_swept and (keeps or raw_from is null)
  where id = of_site
$$;

-- An event from before is turned away at the door (ingest/checks.ts). One that had waited in a queue is turned away here.
-- Rows that are only moved, from one partition to another, are not asked.
create function refuse_too_old() returns trigger
language plpgsql as $$
declare
  clock text;
begin
  if new.stored_by <> pg_current_xact_id()::text::bigint then return new; end if;
  -- Nor are those of a site that arrives here (0008): it was asked where it came from.
  select time_zone into clock from sites
  where id = new.site and new.at < day_start(raw_from, time_zone)
    and not coalesce((to_jsonb(sites) ->> 'arrives')::boolean, false);
  if not found then return new; end if;
  insert into refusals (site, day, reason, count) values (new.site, (now() at time zone clock)::date, 'too_old', 1)
  on conflict (site, day, reason) do update set count = refusals.count + 1;
  return null;
end
$$;
-- No retention is shorter than a month.
create trigger events_too_old before insert on events
for each row when (new.at < now() - interval '27 days') execute function refuse_too_old();

-- Moves the beginning of a site's raw events on to where its retention wants it at a moment. Not while anything older is not
-- in the rollups yet. It holds the site alone, as an erasure does: so it sees all that was stored, and what comes later is
-- turned away. Answers whether it moved.
create function move_retention(of_site integer, as_of timestamptz) returns boolean
language plpgsql as $$
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
$$;

-- Whether a raw event is to go: it is from before, and not of a visit that reaches over the border.
create function is_expired(of_site integer, of_visitor uuid, of_session uuid, moment timestamptz, begins timestamptz) returns boolean
language sql stable as $$
  select moment < begins and not exists (
    select from border_visits as b
    where b.site = of_site and b.visitor = of_visitor and b.session is not distinct from of_session and moment >= b.from_at)
$$;

-- The oldest month's partition of which no site wants anything but what reaches over its border; null where there is none.
create function expired_partition() returns regclass
language plpgsql stable as $$
declare
  part record;
  ends date;
  site_id integer;
  wanted boolean;
begin
  for part in
    select relid from pg_partition_tree('events')
    where isleaf and relid <> 'events_default'::regclass order by relid::text
  loop
    ends := (to_date(right(part.relid::text, 7), 'YYYY_MM') + interval '1 month')::date;
    if ends > now() then return null; end if;
    wanted := false;
    for site_id in select id from sites where raw_from is null or raw_from < ends loop
      execute format('select exists (select from only %s where site = $1)', part.relid) into wanted using site_id;
      exit when wanted;
    end loop;
    if not wanted then return part.relid; end if;
  end loop;
  return null;
end
$$;

-- One step of retention: a partition that nobody wants is dropped; or up to `rows_max` events of a site go that wants them
-- no longer while others do; or as many rollups, where they are not to outlive the events. Answers how many rows went, of a
-- partition 1; 0 when nothing is to be done, null where another process folds or retains. Bounded in each of its waits: a
-- partition that is in use is left for the next time.
create function retain_step(as_of timestamptz, rows_max integer) returns integer
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
    perform pg_advisory_xact_lock(hashtext('balise partitions'));
    perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), id) from sites order by id;
    execute format('alter table events detach partition %s', part);
    execute format(
      'insert into events select e.* from %s as e join sites as s on s.id = e.site
       where not is_expired(e.site, e.visitor, e.session, e.at, day_start(s.raw_from, s.time_zone))', part);
    execute format('drop table %s', part);
    -- A walk through the pages of all partitions begins anew: rows have moved.
    update folds set collected_part = null, collected_file = null, collected_blocks = null;
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
        and is_expired(site, visitor, session, at, sweep.begins)
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
    if gone = 0 and to_regclass('visits') is not null then
      execute 'delete from visits where ctid = any (array(
        select ctid from visits where site = $1 and started_at < $2 and ended_at < $2 limit $3))'
      using sweep.id, sweep.begins, rows_max;
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

-- As in 0004. Of a site whose older raw events are gone, only the days since are folded anew.
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

  select array_agg(distinct visitor) as visitors, count(*)::integer as events,
    (array_agg(visitor order by visitor desc))[1] as last
  into next from (
    select visitor from events
    where site = state.site and visitor > coalesce(state.upto, '00000000-0000-0000-0000-000000000000')
    order by visitor limit events_max
  ) as walked;
  for part in select * from folded_upto(state.site, next.visitors) loop
    perform refresh_rollups(state.site, part.visitors, 0, part.below);
  end loop;

  if next.events < events_max then
    delete from refolds where site = state.site;
  else
    update refolds set upto = next.last where site = state.site;
  end if;
  return greatest(next.events, 1);
end
$$;

-- As in 0004. Who is folded for the first time adds nothing to days whose raw events are gone: what a visit over the border
-- added there is still in them.
create or replace function refresh_rollups(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
language sql as $$
  with parts as (
    select 1 as sign, now.* from contributions(of_site, of_visitors, until, rolled_up()) as now
    union all
    select -1, was.* from contributions(of_site, of_visitors, since, rolled_up()) as was
    where since > 0
  ),
  changes as (
    select dimension, day, value,
      sum(sign * events) as events, sum(sign * page_views) as page_views, sum(sign * visits) as visits,
      sum(sign * bounces) as bounces, sum(sign * duration_ms) as duration_ms,
      unseen_of(array_agg(gap), array_agg(sign * visitors)) as unseen
    from parts
    where since > 0 or day >= (select coalesce(raw_from, '-infinity') from sites where id = of_site)
    group by dimension, day, value
  )
  insert into rollups as r (site, dimension, day, value, events, page_views, visits, bounces, duration_ms, unseen)
  select of_site, dimension, day, value, events, page_views, visits, bounces, duration_ms, unseen
  from changes
  where events <> 0 or page_views <> 0 or visits <> 0 or bounces <> 0 or duration_ms <> 0 or 0 <> any (unseen)
  order by dimension, day, value
  on conflict (site, dimension, day, value) do update set
    events = r.events + excluded.events,
    page_views = r.page_views + excluded.page_views,
    visits = r.visits + excluded.visits,
    bounces = r.bounces + excluded.bounces,
    duration_ms = r.duration_ms + excluded.duration_ms,
    unseen = unseen_plus(r.unseen, excluded.unseen)
$$;

-- Sums of days whose raw events are gone cannot be told on another clock. Without them the first day that is whole on the
-- new clock is the next one.
create function keep_clock() returns trigger
language plpgsql as $$
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
$$;
create trigger sites_clock_kept before update of time_zone on sites
for each row when (old.time_zone <> new.time_zone and old.raw_from is not null) execute function keep_clock();
