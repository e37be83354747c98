-- As in 0016, but an erasure waits for the fold's step that is under way before it keeps away who stores for the site: they
-- would wait behind it. No step begins until it is over.
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

  return query
  insert into erasures (site, subject, asked_by, erased_events, suppressed)
  values (of_site, subject, asked_by, events_gone, cardinality(persons))
  returning id, at, erased_events, suppressed;
end
$$;
