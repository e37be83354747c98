/**
 * What anybody would write who has only raw events, one statement for each panel: `$1` is the site, `$2` and `$3` the
 * instants between which it counts. They say once more, and by themselves, what `docs/query.md` says, so an answer that
 * differs is wrong. (Visits are read a day around the range. No visit of the bench's past lasts longer.)
 */

/** Events in and around the range, each with its visit. */
const visited = `
  stepped as (
    select e.*, lag(at) over w is null
      or at - lag(at) over w > case when session is null then interval '30 minutes' else interval '24 hours' end as starts
    from events as e
    where site = $1 and at >= $2::timestamptz - interval '1 day' and at < $3::timestamptz + interval '1 day'
    window w as (partition by visitor, session order by at, id)
  ),
  numbered as (
    select *, count(*) filter (where starts) over (order by visitor, session, at, id) as visit from stepped
  ),
  visits as (
    select visit, min(at) as started_at, extract(epoch from max(at) - min(at)) as seconds,
      count(*) filter (where kind = 'page_view') < 2 and count(*) filter (where kind in ('contact', 'custom')) = 0 as bounced,
      (array_agg(origin order by at, id))[1] as origin, (array_agg(client order by at, id))[1] as client,
      (array_agg(place order by at, id))[1] as place,
      (array_agg(page order by at, id) filter (where kind = 'page_view'))[1] as entry
    from numbered group by visit
  ),
  visited as (
    select numbered.visitor, numbered.kind, numbered.at, page.path, visit, started_at, seconds, bounced,
      coalesce(source, 'Direct') as source, coalesce(origin.channel, 'Direct') as channel,
      coalesce(country, '(unknown)') as country, device, coalesce(entry.path, '(none)') as entry_path
    from numbered
    join visits using (visit)
    join pages as page on page.site = $1 and page.id = numbered.page
    left join origins as origin on origin.site = $1 and origin.id = visits.origin
    left join clients as client on client.site = $1 and client.id = visits.client
    left join places as place on place.site = $1 and place.id = visits.place
    left join pages as entry on entry.site = $1 and entry.id = visits.entry
  )`

/** The metrics over events of the range, and those over visits that start in it. */
const counts = {
  visitors: `count(distinct visitor) filter (where inside)`,
  page_views: `count(*) filter (where inside and kind = 'page_view')`,
  visits: `count(distinct visit) filter (where begins)`,
}

const fitting = (condition: string) => `
  fitting as (
    select *, at >= $2::timestamptz and at < $3::timestamptz as inside,
      started_at >= $2::timestamptz and started_at < $3::timestamptz as begins
    from visited where ${condition}
  )`

const filtered = (condition: string, metrics = 'visitors, visits, page_views, bounce_rate, visit_duration') => `
  with ${visited}, ${fitting(condition)},
  begun as (select distinct visit, bounced, seconds from fitting where begins)
  select ${metrics} from (
    select ${counts.visitors} as visitors, ${counts.visits} as visits, ${counts.page_views} as page_views from fitting
  ) as of_events cross join (
    select round(100.0 * count(*) filter (where bounced) / nullif(count(*), 0), 2) as bounce_rate,
      round(avg(seconds)) as visit_duration
    from begun
  ) as of_visits`

/** See the file's head. */
export const naive = {
  filtered,
  totals: filtered('true'),
  byDay: `
    select to_char(at, 'YYYY-MM-DD'), count(distinct visitor), count(*) filter (where kind = 'page_view')
    from events where site = $1 and at >= $2 and at < $3 group by 1 order by 1`,
  topPaths: `
    select path, count(distinct visitor) as visitors, count(*) filter (where kind = 'page_view')
    from events join pages on pages.site = events.site and pages.id = page
    where events.site = $1 and at >= $2 and at < $3 group by 1 order by 2 desc, path collate "C" limit 10`,
  byVisit: (column: string, limit: string, condition = 'true') => `
    with ${visited}, ${fitting(condition)}
    select ${column}, ${counts.visitors} as visitors, ${counts.visits} as visits
    from fitting group by 1 order by 2 desc, ${column} collate "C" ${limit}`,
  pathsOf: (condition: string) => `
    with ${visited}, ${fitting(condition)}
    select path, ${counts.visitors} as visitors, ${counts.page_views} as page_views
    from fitting where inside group by 1 order by 2 desc, path collate "C" limit 10`,
}
