import { sql } from 'kysely'
import { describe, expect } from 'vitest'
import { statementOf } from '../src/query/statement.ts'
import type { Database } from '../src/store/database.ts'
import { type Asked, test as plain, questionTo } from './query-world.ts'

const site = { id: 7, key: 'demo', time_zone: 'Europe/Paris' }
const now = new Date('2026-10-15T12:00:00Z')
/** As it is answered while rollups and visits are made anew. */
const rawStatement = (asked: Asked) => statementOf({ site, query: questionTo(site, asked), now, from_raw: true })
const statement = (asked: Asked) => statementOf({ site, query: questionTo(site, asked), now })

/** Twenty thousand events in each month from August to October 2026, one in a thousand with a clock far off. */
const fillAutumn = async (database: Database) => {
  await sql`select prepare_partitions('2026-08-01', '2026-10-31')`.execute(database)
  await sql`
    insert into events (site, id, at, visitor, page, client, kind, known, skewed)
    select ${site.id}, (left(uuidv7_floor(at)::text, 13) || right(md5(n::text)::uuid::text, 23))::uuid, at,
      md5((n / 10)::text)::uuid, n % 50, n % 20, 'page_view', false, n % 1000 = 0
    from (select n, timestamptz '2026-08-01' + n * interval '132 seconds' as at from generate_series(1, 60000) as n) as moments
  `.execute(database)
  await sql`analyze`.execute(database)
}

const test = plain.extend('autumn', { scope: 'file' }, async ({ world: { database } }) => {
  await fillAutumn(database)
  return database
})

/** A node of a plan that Postgres tells about after it was carried out. */
type Node = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Rows Removed by Filter'?: number
  Plans?: Node[]
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** What the statement of a question does, carried out and told step by step. */
const planOf = async (database: Database, asked: Asked): Promise<Node[]> => {
  const explain = sql<{ 'QUERY PLAN': { Plan: Node }[] }>`explain (analyze, format json) ${rawStatement(asked)}`
  const { rows } = await explain.execute(database)
  return rows.flatMap((row) => row['QUERY PLAN']).flatMap(({ Plan }) => nodesOf(Plan))
}

const readBy = (plan: Node[], tables: RegExp) =>
  plan
    .filter((node) => tables.test(node['Relation Name'] ?? ''))
    .reduce((sum, node) => sum + node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0), 0)

describe('a range of time is a range of ids:', () => {
  const questions: [says: string, asked: Asked][] = [
    ['one number', { date_range: 'day', metrics: ['page_views'] }],
    ['by path', { date_range: 'day', metrics: ['visitors'], dimensions: ['event:path'] }],
    ['visits', { date_range: 'day', metrics: ['visits', 'bounce_rate'], dimensions: ['visit:source'] }],
  ]
  test.for(questions)(
    '%s of a day, read from its ten days by index, without the rest',
    async ([, asked], { autumn }) => {
      const plan = await planOf(autumn, asked)
      const scans = plan.filter((node) => /^events_2026_(08|09|10)/.test(node['Relation Name'] ?? ''))
      expect(scans.length).toBeGreaterThan(0)
      expect(scans.map((node) => node['Node Type'])).not.toContain('Seq Scan')
      const [before, within] = [readBy(plan, /^events_2026_(08|09|10_01)/), readBy(plan, /^events_2026_10_(11|21)$/)]
      expect(before).toBe(0)
      expect(within).toBeGreaterThan(600)
      expect(within).toBeLessThan(8_000)
    },
  )
})

describe('only what a question needs is done:', () => {
  const questions: [says: string, asked: Partial<Asked>, makes_visits: boolean, tables: string[]][] = [
    ['visitors', { metrics: ['visitors', 'page_views', 'events'] }, false, []],
    ['by day', { dimensions: ['time:day'] }, false, []],
    ['by path', { dimensions: ['event:path'] }, false, ['pages']],
    ['of a name', { filters: ['not', ['is', 'event:name', ['signup']]] }, false, ['actions']],
    ['bounces', { metrics: ['bounce_rate'] }, true, []],
    ['by source', { dimensions: ['visit:source'] }, true, ['origins']],
    ['from a country', { filters: ['or', [['is', 'visit:country', ['FR']]]] }, true, ['places']],
  ]
  const known = ['pages', 'actions', 'origins', 'clients', 'places']

  test.for(questions)('%s', async ([, asked, makes_visits, tables], { autumn }) => {
    const plan = await planOf(autumn, { date_range: 'day', metrics: ['visitors'], ...asked })
    expect(plan.some((node) => node['Node Type'] === 'WindowAgg')).toBe(makes_visits)
    expect(known.filter((table) => plan.some((node) => node['Relation Name'] === table))).toEqual(tables)
  })
})

describe('a question is one statement', () => {
  test('over raw events', ({ world }) => {
    const asked: Asked = {
      date_range: '7d',
      metrics: ['visitors', 'page_views'],
      dimensions: ['time:day', 'event:path'],
      filters: [
        'and',
        [
          ['is', 'event:kind', ['page_view']],
          ['not', ['contains', 'event:path', ['%', "'"]]],
        ],
      ],
      order_by: [['visitors', 'desc']],
    }
    const { sql, parameters } = rawStatement(asked).compile(world.database)
    expect(sql).toMatchInlineSnapshot(`
      "
      with zone as not materialized (
        select $1::text as time_zone
      ),
      clock as not materialized (
        select time_zone, ($2::timestamptz at time zone time_zone)::date as today from zone
      ),
      days as not materialized (
        select time_zone, today - 6 as first_day, today as last_day from clock
      ),
      edges as not materialized (
        select *, ((first_day::timestamp - interval '1 microsecond') at time zone time_zone at time zone 'UTC' + $3::interval) at time zone 'UTC' as from_at, (((last_day + 1)::timestamp - interval '1 microsecond') at time zone time_zone at time zone 'UTC' + $4::interval) at time zone 'UTC' as to_at
        from days
      ),
      reach as not materialized (
        select *,
          (from_at at time zone 'UTC' + $5::interval) at time zone 'UTC' as read_from,
          (to_at at time zone 'UTC' + $6::interval) at time zone 'UTC' as read_to
        from edges
      ),
      bounds as not materialized (
        select *,
          uuidv7_floor((read_from at time zone 'UTC' + $7::interval) at time zone 'UTC') as from_id,
          uuidv7_floor((read_to at time zone 'UTC' + $8::interval) at time zone 'UTC') as to_id,
          (read_from at time zone 'UTC' + $9::interval) at time zone 'UTC' as visits_from
        from reach
      ),
      told as (
        select time_zone, first_day, last_day, from_at, to_at from bounds
      ),
      found as (
        select to_char(event.at at time zone time_zone, 'YYYY-MM-DD') as "time:day", coalesce(page.path, '(none)') as "event:path", count(distinct visitor) as "visitors", count(*) filter (where kind = 'page_view') as "page_views"
        from bounds
        cross join (
          select at, visitor, kind, page, action
          from bounds
          cross join events
          where site = $10
            and at >= read_from and at < read_to
            and (skewed or (id >= from_id and id < to_id))
          union all
          select at, visitor, kind, page, action
          from bounds
          cross join packed_events
          where site = $11
            and visit_started_at >= visits_from and visit_started_at < read_to
            and at >= read_from and at < read_to
        ) as event
        left join pages as page on page.site = $12 and page.id = event.page
        left join actions as action on action.site = $13 and action.id = event.action
        where (event.kind::text = any($14::text[]) and not (strpos(coalesce(page.path, '(none)'), $15) > 0 or strpos(coalesce(page.path, '(none)'), $16) > 0))
        group by "time:day", "event:path"
      ),
      page as (
        select * from found order by "visitors" desc nulls last, "time:day" collate "C" asc, "event:path" collate "C" asc limit $17 offset $18
      )
      select
        (select coalesce(json_agg(json_build_object(
          'dimensions', json_build_array("time:day", "event:path"),
          'metrics', json_build_array("visitors", "page_views")
        )), '[]') from page) as results,
        json_build_object('date_range', json_build_array(first_day, last_day)) as meta,
        true as is_exact,
        (select max(beyond_retention($19, first_day, last_day, $20))
          from (select first_day, last_day from bounds) as days)::text as beyond_retention
      from told"
    `)
    expect(parameters).toMatchInlineSnapshot(`
      [
        "Europe/Paris",
        "2026-10-15T12:00:00.000Z",
        "1 microsecond",
        "1 microsecond",
        "0 hours",
        "0 hours",
        "-24 hours",
        "24 hours",
        "-24 hours",
        7,
        7,
        7,
        7,
        [
          "page_view",
        ],
        "%",
        "'",
        100,
        0,
        7,
        "raw",
      ]
    `)
  })

  test('over raw visits', ({ world }) => {
    const asked: Asked = {
      date_range: 'all',
      metrics: ['visits', 'visitors'],
      dimensions: ['visit:source'],
    }
    const { sql } = rawStatement(asked).compile(world.database)
    expect(sql.slice(sql.indexOf('told as'), sql.indexOf('page as'))).toMatchInlineSnapshot(`
      "told as (
        select *, ((first_day::timestamp - interval '1 microsecond') at time zone time_zone at time zone 'UTC' + $11::interval) at time zone 'UTC' as from_at
        from (select time_zone, least(last_day, ((
            select min(started_at) from visits where site = $12 and is_packed
          ) at time zone time_zone)::date,
          ((
            select min(at) from events
            where site = $13 and (skewed or id < (
              select uuidv7_floor(uuidv7_time(id) + interval '48 hours') from events
              where site = $14 and not skewed
              order by id limit 1
            ))
          ) at time zone time_zone)::date,
          (
            select min(day) from rollups
            where site = $15 and dimension = 'total' and day < (select raw_from from sites where id = $16)
          )) as first_day, last_day, to_at from bounds) as days
      ),
      found as (
        with near as (
          select id, at, visitor, session, kind, page, origin, client, place, action, at < from_at or at >= to_at as is_outside
          from bounds
          cross join events
          where site = $17
            and at >= read_from and at < read_to
            and (skewed or (id >= from_id and id < to_id))
          union all
          select id, at, visitor, session, kind, page, origin, client, place, action, at < from_at or at >= to_at as is_outside
          from bounds
          cross join packed_events
          where site = $18
            and visit_started_at >= visits_from and visit_started_at < read_to
            and at >= read_from and at < read_to
        ),
        far as (
          select id, at, visitor, session, kind, page, origin, client, place, action, true
          from bounds
          cross join events
          where site = $19 and visitor = any(array(select distinct visitor from near where is_outside)) and (at < read_from or at >= read_to)
          union all
          select id, at, visitor, session, kind, page, origin, client, place, action, true
          from bounds
          cross join packed_events_of($20, array(select distinct visitor from near where is_outside), '-infinity')
          where at < read_from or at >= read_to
        ),
        stepped as (
          select *, lag(at) over step is null or at - lag(at) over step > longest_pause(session) as starts
          from (select * from near union all select * from far) as events
          window step as (partition by visitor, session order by at, id)
        ),
        numbered as (
          select *, count(*) filter (where starts) over (order by visitor, session, at, id rows unbounded preceding) as visit
          from stepped
        ),
        visited as (
          select at, visitor, kind, page, action, visit,
            min(at) over whole as started_at,
            extract(epoch from max(at) over whole - min(at) over whole) as seconds,
            count(*) filter (where kind = 'page_view') over whole < 2
              and count(*) filter (where kind in ('contact', 'custom')) over whole = 0 as bounced,
            first_value(origin) over whole as origin,
            first_value(client) over whole as client,
            first_value(place) over whole as place,
            (array_agg(page) filter (where kind = 'page_view') over whole)[1] as entry
          from numbered
          window whole as (partition by visit order by at, id rows between unbounded preceding and unbounded following)
        ),
        fitting as (
          select event.at, event.visitor, event.kind, visit, started_at, seconds, bounced, coalesce(origin.source, 'Direct') as "visit:source"
          from visited as event
          left join pages as page on page.site = $21 and page.id = event.page
          left join actions as action on action.site = $22 and action.id = event.action
          left join origins as origin on origin.site = $23 and origin.id = event.origin
          left join clients as client on client.site = $24 and client.id = event.client
          left join places as place on place.site = $25 and place.id = event.place
          left join pages as entry on entry.site = $26 and entry.id = event.entry
          where true
        ),
        counted as (
          select distinct started_at as moment, null::uuid as visitor, null::event_kind as kind,
            visit, seconds, bounced, "visit:source"
          from fitting
          union all
          select at as moment, visitor, kind,
            null::bigint as visit, null::numeric as seconds, null::boolean as bounced, "visit:source"
          from fitting
        )
        select "visit:source" as "visit:source", count(visit) as "visits", count(distinct visitor) as "visitors"
        from bounds
        cross join counted
        where moment >= from_at and moment < to_at
        group by "visit:source"
      ),
      "
    `)
  })

  test('over visits', ({ world }) => {
    const asked: Asked = {
      date_range: '7d',
      metrics: ['visitors', 'bounce_rate'],
      dimensions: ['visit:source'],
      filters: ['is', 'visit:country', ['FR']],
    }
    const { sql } = statement(asked).compile(world.database)
    expect(sql.slice(sql.indexOf('found as'), sql.indexOf('page as'))).toMatchInlineSnapshot(`
      "found as (
        with kept as not materialized (
          select * from visits
          where visits.site = $11
            and true and coalesce(case when "visits"."place" is null then '(unknown)' = any($12::text[]) else "visits"."place" in (
              select id from "places" as "place" where site = $13 and coalesce(place.country, '(unknown)') = any($14::text[])
            ) end, false)
            and (started_at < (select min(at) from fresh)
              or (started_at, visitor, session is null, coalesce(session, visitor)) not in (select at, visitor, session is null, coalesce(session, visitor) from fresh))
        ),
        whole as not materialized (
          select kept.* from bounds
          join kept on started_at >= from_at and started_at < to_at and (ended_at < to_at or seconds is null)
        ),
        parted as not materialized (
          select kept.*, date_trunc('second', started_at) + second * interval '1 second' as moment, deed_id, nth from bounds
          join kept on ended_at >= from_at and started_at < to_at and seconds is not null
            and not (started_at >= from_at and (ended_at < to_at or seconds is null))
          cross join unnest(deeds, seconds) with ordinality as step (deed_id, second, nth)
        ),
        came as not materialized (
          select fresh.* from fresh
          cross join lateral (select fresh.entry_path as path) as entry
          left join origins as origin on origin.site = $15 and origin.id = fresh.origin
          left join clients as client on client.site = $16 and client.id = fresh.client
          left join places as place on place.site = $17 and place.id = fresh.place
          where true and coalesce(coalesce(place.country, '(unknown)') = any($18::text[]), false)
        ),
        done as (
          select started_at as moment, visitor, session, started_at, cardinality(deeds) as events, page_views,
            1 as visits, bounced::integer as bounces, ((date_part('epoch', ended_at - started_at) * 1000000)::bigint + 500) / 1000 as duration_ms,
            origin, client, place, entry.path as entry_path, null::event_kind as kind, null::text as path, null::text as name, null::text as endpoint, null::text as channel
          from whole
          left join (select id, kind, path, name, endpoint, channel from deeds where site = $19) as entry on entry.id = whole.entry
          union all
          select moment, visitor, session, started_at, 1, (deed.kind = 'page_view')::integer,
            (nth = 1)::integer, (nth = 1 and bounced)::integer, case when nth = 1 then ((date_part('epoch', ended_at - started_at) * 1000000)::bigint + 500) / 1000 else 0 end,
            origin, client, place, entry.path, null::event_kind as kind, null::text as path, null::text as name, null::text as endpoint, null::text as channel
          from parted
          left join (select id, kind, path, name, endpoint, channel from deeds where site = $20) as deed on deed.id = deed_id
          left join (select id, kind, path, name, endpoint, channel from deeds where site = $21) as entry on entry.id = parted.entry
          union all
          select at, visitor, session, started_at, 1, (kind = 'page_view')::integer,
            starts::integer, (starts and bounced)::integer, case when starts then duration_ms::bigint else 0 end,
            origin, client, place, entry_path, null::event_kind as kind, null::text as path, null::text as name, null::text as endpoint, null::text as channel
          from came
        ),
        fitting as (
          select moment, visitor, session, started_at, events, page_views, visits, bounces, duration_ms, coalesce(origin.source, 'Direct') as "visit:source"
          from done as event
          cross join lateral (select event.path) as page
          cross join lateral (select event.name, event.endpoint, event.channel) as action
          cross join lateral (select event.entry_path as path) as entry
          left join origins as origin on origin.site = $22 and origin.id = event.origin
          left join clients as client on client.site = $23 and client.id = event.client
          left join places as place on place.site = $24 and place.id = event.place
          where true
        ),
        counted as (
          select * from fitting
        ),
        by_visitor as (
          select "visit:source" as "visit:source", visitor, sum("visits") as "visits", sum("bounces") as "bounces"
          from bounds
          cross join counted
          where coalesce(moment >= from_at and moment < to_at, false)
          group by "visit:source", visitor
        )
        select "visit:source", count(visitor) as "visitors", round(100.0 * sum(bounces) / nullif(sum(visits), 0), 2) as "bounce_rate"
        from by_visitor
        group by "visit:source"
        
      ),
      "
    `)
  })

  test('over the deeds of visits', ({ world }) => {
    const asked: Asked = {
      date_range: '7d',
      metrics: ['visitors', 'visits'],
      dimensions: ['event:path'],
      filters: ['is', 'visit:country', ['FR']],
    }
    const { sql } = statement(asked).compile(world.database)
    expect(sql.slice(sql.indexOf('done as'), sql.indexOf('page as'))).toMatchInlineSnapshot(`
      "done as (
          select moment, visitor, session, started_at, 1 as events, (deed.kind = 'page_view')::integer as page_views,
            bounced, ((date_part('epoch', ended_at - started_at) * 1000000)::bigint + 500) / 1000 as duration_ms, origin, client, place,
            null::text as entry_path, deed.kind, deed.path, deed.name, deed.endpoint, deed.channel
          from (
            select moment, visitor, session, started_at, ended_at, bounced, origin, client, place, entry, unnest(deeds) as deed_id
            from (
              select started_at as moment, visitor, session, started_at, ended_at, bounced, origin, client, place, entry, deeds from whole
              union all
              select moment, visitor, session, started_at, ended_at, bounced, origin, client, place, entry, array[deed_id] from parted
            ) as steps
          ) as step
          join (select id, kind, path, name, endpoint, channel from deeds where site = $19) as deed on deed.id = deed_id
          left join (select id, kind, path, name, endpoint, channel from deeds where site = $20) as entry on entry.id = step.entry
          union all
          select at, visitor, session, started_at, 1, (kind = 'page_view')::integer,
            bounced, duration_ms::bigint, origin, client, place, entry_path, kind, path, name, endpoint, channel
          from came
        ),
        fitting as (
          select moment, visitor, session, started_at, events, page_views, bounced, duration_ms, coalesce(page.path, '(none)') as "event:path"
          from done as event
          cross join lateral (select event.path) as page
          cross join lateral (select event.name, event.endpoint, event.channel) as action
          cross join lateral (select event.entry_path as path) as entry
          left join origins as origin on origin.site = $21 and origin.id = event.origin
          left join clients as client on client.site = $22 and client.id = event.client
          left join places as place on place.site = $23 and place.id = event.place
          where true
        ),
        counted as (
          select moment, visitor, events, page_views, 0 as visits, 0 as bounces, 0 as duration_ms, "event:path"
          from fitting
          union all
          select started_at as moment, null::uuid as visitor, 0 as events, 0 as page_views,
            1 as visits, bounced::integer as bounces, duration_ms, "event:path"
          from (select distinct visitor, session, started_at, bounced, duration_ms, "event:path" from fitting) as visit
        ),
        by_visitor as (
          select "event:path" as "event:path", visitor, sum("visits") as "visits"
          from bounds
          cross join counted
          where coalesce(moment >= from_at and moment < to_at, false)
          group by "event:path", visitor
        )
        select "event:path", count(visitor) as "visitors", coalesce(sum(visits), 0) as "visits"
        from by_visitor
        group by "event:path"
        
      ),
      "
    `)
  })
})
