-- A month that nobody wants any longer goes in less than a second, however many events it has: whoever stores or asks waits.

create index border_visits_site on border_visits (site);

-- Drops a partition that holds nothing which a site still wants, but for what lies at the border of its first month: what is
-- younger than its id's month tells, and visits that reach over the border. Those few are looked up by their index, for
-- meanwhile nobody can read or write any event.
create function drop_partition(part regclass) returns void
language plpgsql as $$
declare
  wanted record;
begin
  perform pg_advisory_xact_lock(hashtext('balise partitions'));
  perform pg_advisory_xact_lock_shared(hashtext('balise erasure'), id) from sites order by id;
  execute format('alter table events detach partition %s', part);
  for wanted in
    select id, day_start(raw_from, time_zone) as begins from sites where raw_from is not null order by id
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
$$;

-- One step of retention: a partition that nobody wants is dropped; or up to `rows_max` events of a site go that wants them
-- no longer while others do; or as many rollups, where they are not to outlive the events. Answers how many rows went, of a
-- partition 1; 0 when nothing is to be done, null where another process folds or retains. Bounded in each of its waits: a
-- partition that is in use is left for the next time.
create or replace function retain_step(as_of timestamptz, rows_max integer) returns integer
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
      delete from visits where ctid = any (array(
        select ctid from visits
        where site = sweep.id and started_at < sweep.begins and ended_at < sweep.begins limit rows_max));
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
