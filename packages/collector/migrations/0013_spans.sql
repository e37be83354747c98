-- A long range costs few rows: rollups are kept of pentads and of months too.

-- Whoever adds to the rollups meanwhile would be missed. Nobody who stores waits.
select pg_advisory_xact_lock(hashtext('balise fold'), 0);
select pg_advisory_xact_lock_shared(hashtext('balise erasure'), id) from sites order by id;

-- A pentad is a sixth of a month: days 1 to 5, … 26 to the last. None reaches over the first of a month, and so neither over
-- the day that a site's raw events begin with (0005). This is the first day of the one that a day lies in.
create function pentad_of(day date) returns date language sql immutable parallel safe as $$
  select date_trunc('month', day::timestamp)::date + 5 * least(5, (extract(day from day)::integer - 1) / 5)
$$;

-- The first day, from this one on, that a pentad begins with; and that a month does.
create function first_pentad(since date) returns date language sql immutable parallel safe as $$
  select case when extract(day from since) > 26 then (date_trunc('month', since::timestamp) + interval '1 month')::date
    else date_trunc('month', since::timestamp)::date + 5 * ((extract(day from since)::integer + 3) / 5) end
$$;
create function first_month(since date) returns date language sql immutable parallel safe as $$
  select date_trunc('month', since::timestamp + interval '1 month' - interval '1 day')::date
$$;

-- The spans that a day lies in, by what their rollups' dimension ends with, and the day that each begins with.
create function spans_of(day date) returns table (span text, first_day date)
language sql immutable parallel safe as $$
  values ('', day), ('/pentad', pentad_of(day)), ('/month', date_trunc('month', day::timestamp)::date)
$$;

-- What a contribution of a day is to each of its spans, under the name that rollups have for dimension and span. Who was
-- seen `gap` days before was seen so much sooner before the span began; if within it, the visitor is none of its own.
-- Hours stay hours.
create function in_spans(of_dimension text, of_day date, of_gap integer, of_visitors bigint)
returns table (dimension text, day date, gap integer, visitors bigint)
language sql immutable parallel safe as $$
  select of_dimension || span, first_day,
    case when of_gap > of_day - first_day then of_gap - (of_day - first_day) end,
    case when of_gap <= of_day - first_day then 0 else of_visitors end
  from spans_of(of_day)
  where span = '' or of_dimension <> 'time:hour'
$$;

-- Takes out of the rollups what the events of some visitors from before `was` add up to, and puts in what those from
-- before `becomes` do, as far as they are of `since` or later. 0: nothing. It is planned each time anew: a plan for any number
-- of visitors takes them for ten, and takes five times as long as one for those who came.
create function change_rollups(of_site integer, of_visitors uuid[], was bigint, becomes bigint, since date) returns void
language sql set plan_cache_mode = force_custom_plan as $$
  with parts as (
    select 1 as sign, now.* from contributions(of_site, of_visitors, becomes, rolled_up()) as now
    where becomes > 0
    union all
    select -1, before.* from contributions(of_site, of_visitors, was, rolled_up()) as before
    where was > 0
  ),
  -- Most of what a known visitor did stays as it was.
  changed as (
    select dimension, day, value, gap,
      sum(sign * visitors)::bigint as visitors, sum(sign * events) as events, sum(sign * page_views) as page_views,
      sum(sign * visits) as visits, sum(sign * bounces) as bounces, sum(sign * duration_ms) as duration_ms
    from parts
    where day >= since
    group by dimension, day, value, gap
    having sum(sign * visitors) <> 0 or sum(sign * events) <> 0 or sum(sign * page_views) <> 0
      or sum(sign * visits) <> 0 or sum(sign * bounces) <> 0 or sum(sign * duration_ms) <> 0
  ),
  changes as (
    select spread.dimension, spread.day, value,
      sum(events) as events, sum(page_views) as page_views, sum(visits) as visits, sum(bounces) as bounces,
      sum(duration_ms) as duration_ms, unseen_of(array_agg(spread.gap), array_agg(spread.visitors)) as unseen
    from changed
    cross join lateral in_spans(changed.dimension, changed.day, changed.gap, changed.visitors) as spread
    group by spread.dimension, spread.day, value
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

alter function refresh_visits set plan_cache_mode = force_custom_plan;

create or replace function apply_contributions(of_site integer, of_visitors uuid[], below bigint, sign integer) returns void
language sql as $$
  select change_rollups(of_site, of_visitors, case when sign < 0 then below else 0 end,
    case when sign > 0 then below else 0 end, '-infinity')
$$;

create or replace function refresh_counts(of_site integer, of_visitors uuid[], since bigint, until bigint) returns void
language sql as $$
  select change_rollups(of_site, of_visitors, since, until,
    case when since > 0 then '-infinity' else coalesce(raw_from, '-infinity') end)
  from sites where id = of_site
$$;

-- The spans of what is rolled up already. How many visitors were last seen how long before is how `unseen` falls.
insert into rollups
select site, spread.dimension, spread.day, value, sum(events), sum(page_views), sum(visits), sum(bounces),
  sum(duration_ms), unseen_of(array_agg(spread.gap), array_agg(spread.visitors))
from (
  select site, dimension, day, value, null::integer as gap, unseen[cardinality(unseen)] as visitors,
    events, page_views, visits, bounces, duration_ms
  from rollups
  union all
  select site, dimension, day, value, k, unseen[k] - unseen[k + 1], 0, 0, 0, 0, 0
  from rollups
  cross join generate_series(1, cardinality(unseen) - 1) as k
  where unseen[k] <> unseen[k + 1]
) as told
cross join lateral in_spans(told.dimension, told.day, told.gap, told.visitors) as spread
where spread.dimension <> told.dimension
group by site, spread.dimension, spread.day, value
order by site, spread.dimension, spread.day, value;
