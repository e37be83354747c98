-- A second wall between sites. Each statement says which site it is about; what slips is refused by row-level security:
-- see roles.sql, which is done after the migrations and may be done again.

-- The site that the transaction reads, as `as_site` was told.
create function current_site() returns integer
language sql stable parallel safe
return nullif(current_setting('balise.site', true), '')::integer;

-- Begins a transaction that reads one site, which lives here. What comes after it in the transaction is asked by a role
-- that sees no other. `site = current_site()` beside `site = 7` costs the planner nothing: it asks once whether both are one.
create or replace function as_site(of_site integer) returns void
language plpgsql as $$
begin
  if not exists (select from sites where id = of_site and lives_on is null) then
    raise exception 'a site does not live on this database' using errcode = '57M02', detail = of_site;
  end if;
  perform set_config('balise.site', of_site::text, true);
  if to_regrole('balise_site') is not null and pg_has_role('balise_site', 'member') then
    perform set_config('role', 'balise_site', true);
  end if;
end
$$;

-- What a collector does otherwise than by asking about one site, it does through functions: its login owns nothing.

create function keep_day_share(of_site integer, day date, share bytea, other_share text, dies_at timestamptz) returns void
language sql as $$
  insert into site_day_shares values (of_site, day, share, other_share, dies_at) on conflict do nothing
$$;

create function destroy_dead_shares(moment timestamptz) returns void
language sql as $$
  delete from site_day_shares where dies_at <= moment
$$;

-- Whom a site has forgotten since a copy of it was begun, for each copy. The ten minutes are more than any erasure takes:
-- one that began before the copy may have ended after.
create function forgotten_since_copies(of_site integer) returns table (database text, subjects text[])
language sql stable as $$
  select database, array(
    select subject::text from suppressions
    where suppressions.site = of_site and at > noted_at - interval '10 minutes'
    order by subject
  )
  from copies
  where site = of_site
$$;
