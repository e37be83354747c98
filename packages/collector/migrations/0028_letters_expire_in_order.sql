-- As in 0022, but the locks of sites come before the letters, as in all that writes: an erasure, which holds its site's lock when it
-- comes to the letters, waited for them and was waited for.
create or replace function expire_dead_letters(as_of timestamptz) returns void
language plpgsql as $$
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
$$;
