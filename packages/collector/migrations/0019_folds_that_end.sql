-- One step of whatever is to be done: folding first, then, once all is folded that had been stored when the step began, folding
-- anew. It takes on as much as `pace_ms` are enough for, as the last steps went, and at most `events_max` events. Answers 0 where
-- that leaves nothing: events that go on coming neither keep the steps from ending nor a site from being folded anew.
create or replace function fold_step(pace_ms integer, events_max integer) returns integer
language plpgsql as $$
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
$$;
