-- How many events a site may send on one day of its own clock; null: as many as it likes.
alter table sites add column events_per_day_max bigint check (events_per_day_max >= 0);

-- How much of each site's day was handed out to collectors, in blocks: see limits/quota.ts. A site of which no quota is
-- asked has no rows here.
create table quota_draws (
  site integer not null references sites on delete cascade,
  day date not null, -- on the site's clock
  events bigint not null,
  primary key (site, day)
);

-- Hands out up to `wanted` events of a site's day, and answers how many: never more, over all calls, than the quota. Who
-- is first on a new day takes the rows of a month ago away.
create function draw_quota(of_site integer, of_day date, wanted bigint) returns bigint
language plpgsql as $$
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
$$;
