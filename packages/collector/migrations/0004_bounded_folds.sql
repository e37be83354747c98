-- Folds in bounded steps, whatever one transaction stored; and a site that is folded anew.
--
-- A step takes on so many events, of whole transactions. A transaction that stored more is folded in many steps: first
-- its visitors are written down in `unfolded`, some pages of the table at a time; then each step takes some of them off.
-- So from then on, between any two steps, rollups hold of the visitors in `unfolded` what was stored before `folds.upto`,
-- and of all others what was stored before `folds.until`. `waiting` says so to questions, `folded_upto` to whoever changes
-- a visitor's events.
--
-- A site in `refolds` is folded anew from its raw events, a visitor after the other. Until that is done its rollups are
-- no answer: questions go to raw events.

alter table folds
  add column until bigint,                            -- null: of all visitors is folded what was stored before `upto`
  add column collecting bigint,                       -- what will be `until` once all its visitors are in `unfolded`,
  add column collected_part oid,                      -- which is done in this partition, of which this is the file,
  add column collected_file oid,
  add column collected_blocks bigint,                 -- up to this block
  add column step_events integer not null default 5000, -- how much a step takes on: it follows how long steps take
  add column noticed bigint not null default 0,       -- all transactions before it had begun when it was `noticed_at`
  add column noticed_at timestamptz not null default now(),
  add column failed_at timestamptz,                   -- when a step failed last, and by what code; null: the last one went well
  add column failure text;
comment on column folds.folded_at is 'all that was stored before this moment is folded';

create table unfolded (
  site integer not null,
  visitor uuid not null,
  first_at timestamptz not null, -- of their events that wait; who came at one time has rollups in common
  events integer not null,
  primary key (site, visitor)
);
create index unfolded_first on unfolded (site, first_at);

create table refolds (
  site integer primary key references sites on delete cascade,
  is_empty boolean not null default false, -- the old rollups are gone
  upto uuid,                               -- visitors up to this one are folded; null: none yet
  asked_at timestamptz not null default clock_timestamp()
);

-- Days follow the site's clock, and so do rollups. Whoever sets it waits for the step that is under way, see `refold`.
create function refold_site() returns trigger
language plpgsql as $$
begin
  insert into refolds as r (site) values (new.id)
  on conflict (site) do update set is_empty = false, upto = null, asked_at = excluded.asked_at;
  return null;
end
$$;
create trigger sites_refolded after update of time_zone on sites
for each row when (old.time_zone <> new.time_zone) execute function refold_site();

-- Whether rollups of a site answer for days on this clock.
create function is_folded(of_site integer, on_clock text) returns boolean
language sql stable as $$
  select not exists (select from refolds where site = of_site)
    and exists (select from sites where id = of_site and time_zone = on_clock)
$$;

-- Below which transaction the events of these visitors are folded, each list of visitors with its own bound.
create function folded_upto(of_site integer, of_visitors uuid[]) returns table (visitors uuid[], below bigint)
language sql stable as $$
  select array_agg(asked.visitor), marked.below
  from unnest(of_visitors) as asked (visitor)
  cross join folds as f
  left join unfolded as w on w.site = of_site and w.visitor = asked.visitor
  cross join lateral (select case when w.visitor is null then coalesce(f.until, f.upto) else f.upto end as below) as marked
  group by marked.below
$$;

-- Those of these visitors whose events rollups hold: all, but for whom a site's refolding has not come to yet.
create function rolled_visitors(of_site integer, of_visitors uuid[]) returns uuid[]
language sql stable as $$
  select array_agg(asked.visitor) from unnest(of_visitors) as asked (visitor)
  where not exists (select from refolds as r where r.site = of_site and (r.upto is null or asked.visitor > r.upto))
$$;

-- What rollups do not hold yet of a site: the visitors that came since, each list with the bound below which they are
-- folded. (It never reads a table from its beginning, whatever the statistics say: what came since is little.)
create function waiting(of_site integer) returns table (visitors uuid[], below bigint)
language sql stable set enable_seqscan = off as $$
  select f.* from (
    select array_agg(distinct visitor) as visitors from (
      select visitor from events
      where site = of_site and stored_by >= (select coalesce(until, upto) from folds)
      union all
      select visitor from unfolded where site = of_site
    ) as came
  ) as tail
  cross join folded_upto(of_site, tail.visitors) as f
$$;

-- As in 0002, a hundred times as quick: folding spends most of its time here.
create or replace function unseen_of(gaps integer[], visitors bigint[]) returns integer[]
language plpgsql immutable as $$
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
$$;

create or replace function unseen_plus(a integer[], b integer[]) returns integer[]
language plpgsql immutable as $$
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
$$;

-- Brings the rollups of some visitors from what was stored before `since` to what was stored before `until`. What comes
-- out the same is left alone. `since` 0 is nothing: so visitors are folded for the first time.
create function refresh_rollups(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
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

-- How many events the transactions from `since` until before `until` stored; `most` is as far as it counts.
create function stored_between(since bigint, until bigint, most integer) returns integer
language sql stable set enable_seqscan = off as $$
  select count(*)::integer from (
    select from events where stored_by >= since and stored_by < until limit most
  ) as counted
$$;

-- Up to which transaction a step may go that takes on `events_max` events: as far as they reach in whole transactions,
-- but at least over the first one, which may have stored more; `is_more` says that it did. Halves the way, again and again.
create function next_cut(since bigint, until bigint, events_max integer, out cut bigint, out is_more boolean)
language plpgsql stable as $$
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
$$;

-- Writes down in `unfolded` whose events were stored by the transactions from `since` until before `until`: those that lie
-- in the next `blocks_max` pages of a partition. `part` is null when all are written down; otherwise it is to be called
-- again with what it gave. Rows lie where they were stored, unless the table was written anew; then it begins again.
create function collect_unfolded(since bigint, until bigint, blocks_max integer,
  inout part oid, inout file oid, inout block bigint, out events integer)
language plpgsql set enable_seqscan = off as $$
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
$$;

-- One step of folding, in one transaction: about `events_max` events. Answers how many it folded, or how many visitors it
-- wrote down; 0 when nothing waits, null where another one is folding. Whatever stops it, nothing is half done.
create or replace function fold(events_max integer) returns integer
language plpgsql as $$
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
$$;

-- Folds some visitors of a site, but for those that are going to be folded anew. Like ingest it holds the site's lock
-- shared: an erasure waits for this, or this for it.
create function fold_visitors(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), of_site);
  perform refresh_rollups(of_site, rolled_visitors(of_site, of_visitors), since, until);
end
$$;

-- One step of folding a site anew: its old rollups go, some thousand rows at a time; then its visitors are folded in the
-- order of their ids, about `events_max` events of theirs. Answers how many rows or events it did, 0 when nothing is to be
-- done, null where another one is folding.
create function refold(events_max integer) returns integer
language plpgsql as $$
declare
  state refolds;
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
    delete from rollups where ctid = any (array(select ctid from rollups where site = state.site limit 20000));
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

-- One step of whatever is to be done: folding first, then folding anew. It takes on as much as `pace_ms` are enough for,
-- as the last steps went, and at most `events_max` events.
create function fold_step(pace_ms integer, events_max integer) returns integer
language plpgsql as $$
declare
  began timestamptz := clock_timestamp();
  size integer := (select least(step_events, events_max) from folds);
  done integer := fold(size);
  took_ms double precision;
begin
  if done = 0 then done := refold(size); end if;
  if done is null or done = 0 then return done; end if;

  took_ms := 1 + 1000 * extract(epoch from clock_timestamp() - began);
  update folds set step_events = case
    when took_ms > pace_ms then greatest(100, size * greatest(0.5, pace_ms / took_ms))
    when done >= size / 2 then greatest(step_events, least(50000, size * least(2, pace_ms / took_ms)))
    else step_events
  end;
  return done;
end
$$;

-- Tells that a step failed, by a code that says nothing of what was in it. The next ones are smaller.
create function note_fold_failure(code text) returns void
language sql as $$
  update folds set failed_at = clock_timestamp(), failure = code, step_events = greatest(100, step_events / 2)
$$;

-- As in 0002, with rollups that hold each visitor up to a bound of their own.
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
