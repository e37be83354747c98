-- Where sites live: one home database, which knows every site and every token, and any number of others with names. A
-- site's events, and all that is kept about them, lie in one of them: see docs/databases.md.
--
-- The database that a site lives on says so itself, under the site's lock. So a collector that remembers an old place is
-- refused by the database, in the statement that it would have stored with: 57M02, look again. In a move's last moments
-- nobody writes: 57M01, come again. Both are of class 57, which passes.

alter table sites
  -- The name of the database that the site lives on; null: this one.
  add column lives_on text,
  -- The site is being copied to here from where it lives.
  add column arrives boolean not null default false check (not arrives or lives_on is not null),
  -- Until then nobody but its move writes to the site.
  add column held_until timestamptz;

-- Tokens stay at home. An audit log that moves takes their ids along.
alter table erasures drop constraint erasures_asked_by_fkey;

-- Where else something lies of a site that lives here: a copy that a move is making, and how far it came, or one that a
-- move left behind and is removing. An erasure reaches both.
create table copies (
  site integer not null references sites on delete cascade,
  database text not null,
  noted_at timestamptz not null default now(),
  copied_before bigint not null default 0, -- events that earlier transactions stored have been copied
  round_began bigint, -- what the round under way will have copied when it is through
  position uuid, -- the last event of that round that was copied
  primary key (site, database)
);

-- Refuses a transaction that writes to sites that do not live here, or are held. It holds their locks shared, so a move
-- waits for it or it sees what the move decided. `balise.arriving` names the site whose move is writing.
create function refuse_unless_here(of_sites integer[]) returns void
language plpgsql as $$
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
$$;

create function refuse_row_unless_here() returns trigger
language plpgsql as $$
begin
  perform refuse_unless_here(array[new.site]);
  return new;
end
$$;

create trigger here before insert on site_day_shares for each row execute function refuse_row_unless_here();
create trigger here before insert on suppressions for each row execute function refuse_row_unless_here();
create trigger here before insert on erasures for each row execute function refuse_row_unless_here();
create trigger here before insert on refusals for each row execute function refuse_row_unless_here();
create trigger here before insert on quota_draws for each row execute function refuse_row_unless_here();

-- Stores a batch, all of whose sites are named, where they live here: see store_events.
create function store_here(of_sites integer[], batch json) returns table (id uuid, outcome text)
language plpgsql as $$
begin
  perform refuse_unless_here(of_sites);
  return query select * from store_events(batch);
end
$$;

-- Begins a transaction that reads one site, which lives here.
create function as_site(of_site integer) returns void
language plpgsql as $$
begin
  if not exists (select from sites where id = of_site and lives_on is null) then
    raise exception 'a site does not live on this database' using errcode = '57M02', detail = of_site;
  end if;
  perform set_config('balise.site', of_site::text, true);
end
$$;

-- Stores a batch of a site that arrives. Who was forgotten stays out, as ever.
create function store_arriving(of_site integer, batch json) returns void
language plpgsql as $$
begin
  perform set_config('balise.arriving', of_site::text, true);
  perform store_events(batch);
end
$$;

-- Forgets people in the copy of a site that lives elsewhere. The audit log has its row where the site lives.
create function erase_copy(of_site integer, subjects uuid[]) returns void
language plpgsql as $$
declare
  noted uuid;
begin
  if not exists (select from sites where id = of_site and lives_on is not null) then return; end if;
  perform set_config('balise.arriving', of_site::text, true);
  select id into noted from erase(of_site, 'visitor', subjects, null);
  delete from erasures where id = noted;
end
$$;

-- Ends a move that has come to here: `left_from` has said already that the site lives here.
create function arrive(of_site integer, left_from text) returns void
language sql as $$
  update sites set lives_on = null, arrives = false where id = of_site and arrives and lives_on = left_from
$$;
