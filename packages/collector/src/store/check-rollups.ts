import { type Kysely, sql, type Transaction } from 'kysely'
import { firstVisitOfNobody, firstVisitThatDiffers, type VisitDifference } from './check-visits.ts'
import type { Database, Tables } from './database.ts'

/** Why there is nothing to compare: the site's rollups are just being made anew. */
export const being_made_anew = 'being made anew'

/** What rollups say of a value on a day, or of one of its spans (0013), and what a count over raw events says; `null` where it has no such row. */
export type Difference =
  | { dimension: string; day: string; value: string; rolled_up: Sums | null; counted: Sums | null }
  | VisitDifference

type Sums = {
  events: number
  page_views: number
  visits: number
  bounces: number
  duration_ms: number
  unseen: number[]
}

/**
 * Counts a site's raw events anew and compares that with its rollups and the visits beside them, as all were at one
 * moment, whatever is stored and folded meanwhile. Answers the first row that differs; nothing when all are equal. Days
 * whose raw events are gone are left out, and how long before such a day a visitor was last seen: nobody can count that any
 * longer.
 *
 * It goes through the visitors in statements of about `events_max` events, and keeps what they add up to in a temporary
 * table: it needs a connection of its own, so Postgres' own protocol. As long as it runs, nothing newer is folded. `tell` is
 * given, after each of these statements, how many visitors it has gone through.
 */
export const checkRollups = (
  database: Database,
  site_id: number,
  { events_max = 50_000, tell = () => {} }: { events_max?: number; tell?: (visitors: number) => void } = {},
): Promise<Difference | typeof being_made_anew | undefined> =>
  database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const { rows: anew } = await sql`select from refolds where site = ${site_id}`.execute(transaction)
      if (anew.length > 0) return being_made_anew
      await sql`
        create temporary table recounted on commit drop as
        select * from contributions(${site_id}, '{}', 0, '{}')
      `.execute(transaction)
      let counted = 0
      for (let after: string | undefined = none; after; ) {
        const visitors: string[] = await visitorsAfter(transaction, { site_id, after, events_max })
        const visit = await firstVisitThatDiffers(transaction, site_id, visitors)
        if (visit) return visit
        await recount(transaction, site_id, visitors)
        counted += visitors.length
        tell(counted)
        after = visitors.at(-1)
      }
      const orphan = await firstVisitOfNobody(transaction, site_id)
      if (orphan) return orphan
      const { rows } = await sql<{ dimension: string }>`
        select dimension || span as dimension
        from unnest(rolled_up()) as dimension
        cross join spans_of('2026-01-01')
      `.execute(transaction)
      for (const { dimension } of rows) {
        const difference = await firstDifference(transaction, site_id, dimension)
        if (difference) return difference
      }
      return undefined
    })

const none = '00000000-0000-0000-0000-000000000000'

type Part = { site_id: number; after: string; events_max: number }

/** The visitors that come next, who did about `events_max` events. */
const visitorsAfter = async (transaction: Transaction<Tables>, { site_id, after, events_max }: Part) => {
  const { rows } = await sql<{ visitors: string[] | null }>`
    select visitors::text[] from visitors_after(${site_id}, ${after}, ${events_max})
  `.execute(transaction)
  return rows[0]?.visitors ?? []
}

/** Adds up what some visitors' events are worth in each dimension, by day and by longer spans. */
const recount = (transaction: Transaction<Tables>, site_id: number, visitors: readonly string[]) =>
  sql`
    insert into recounted
    select spread.dimension, spread.day, value, spread.gap, spread.visitors, events, page_views, visits, bounces, duration_ms
    from folded_upto(${site_id}, rolled_visitors(${site_id}, ${visitors}::uuid[])) as part
    cross join contributions(${site_id}, part.visitors, part.below, rolled_up()) as counted
    cross join lateral in_spans(counted.dimension, counted.day, counted.gap, counted.visitors) as spread
  `.execute(transaction)

const firstDifference = async (database: Kysely<Tables>, site_id: number, dimension: string) => {
  const { rows } = await sql<Difference>`
    with site as (
      select coalesce(raw_from, '2000-01-01') as raw_from from sites where id = ${site_id}
    ),
    counted as (
      select day, value, jsonb_build_object(
        'events', sum(events), 'page_views', sum(page_views), 'visits', sum(visits), 'bounces', sum(bounces),
        'duration_ms', sum(duration_ms), 'unseen', unseen_within(unseen_of(array_agg(gap), array_agg(visitors)), day - raw_from)
      ) as sums
      from site
      join recounted on dimension = ${dimension} and day >= raw_from
      group by day, value, raw_from
    ),
    rolled_up as (
      select day, value, jsonb_build_object(
        'events', events, 'page_views', page_views, 'visits', visits, 'bounces', bounces,
        'duration_ms', duration_ms, 'unseen', unseen_within(unseen, day - raw_from)
      ) as sums
      from site
      join rollups on site = ${site_id} and dimension = ${dimension} and day >= raw_from
      where (events <> 0 or page_views <> 0 or visits <> 0 or bounces <> 0 or duration_ms <> 0 or 0 <> any (unseen))
    )
    select ${dimension}::text as dimension, day::text, value, rolled_up.sums as rolled_up, counted.sums as counted
    from rolled_up
    full join counted using (day, value)
    where rolled_up.sums is distinct from counted.sums
    order by day, value
    limit 1
  `.execute(database)
  return rows[0]
}
