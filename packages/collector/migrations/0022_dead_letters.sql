-- What a queue gave up on and no database will have, is kept where its site lives: an operator sees it, an erasure reaches it.

create table dead_letters (
  site integer not null references sites (id) on delete cascade,
  id text not null, -- the event's, as all that is said of it: who cannot be stored may hold anything
  visitor text not null,
  visitor_before text,
  "user" text,
  event text not null, -- JSON, as it was to be stored
  failure text not null, -- in Postgres' words
  set_aside_at timestamptz not null default now(),
  primary key (site, id)
);

create trigger here before insert on dead_letters for each row execute function refuse_row_unless_here();

-- Sets an event aside, once; not that of somebody who was forgotten. No more than 10,000 of a site: then something else is wrong,
-- and the queue keeps the rest.
create function set_aside(of_site integer, of_id text, of_visitor text, of_visitor_before text, of_user text, event text, failure text)
returns void language plpgsql as $$
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
$$;

-- Who is forgotten leaves what was set aside.
create function forget_dead_letters() returns trigger
language plpgsql as $$
begin
  delete from dead_letters as letter using forgotten
  where letter.site = forgotten.site
    and forgotten.subject::text in (letter.visitor, letter.visitor_before, letter."user");
  return null;
end
$$;
create trigger forget_dead_letters after insert on suppressions
  referencing new table as forgotten for each statement execute function forget_dead_letters();

-- An event that late is refused, so nothing is set aside for longer; it counts as what it is.
create function expire_dead_letters(as_of timestamptz) returns void
language sql as $$
  with gone as (
    delete from dead_letters as letter using sites
    where sites.id = letter.site and lives_on is null and set_aside_at < least(as_of, now()) - interval '31 days'
    returning letter.site, (now() at time zone time_zone)::date as day
  )
  insert into refusals (site, day, reason, count)
  select site, day, 'too_old', count(*) from gone group by site, day
  on conflict (site, day, reason) do update set count = refusals.count + excluded.count
$$;

-- How many events are set aside, of all sites; counted to 10,000.
create function dead_letters_held() returns integer
language sql stable as $$
  select count(*)::integer from (select from dead_letters limit 10000) as letter
$$;
