import type pg from 'pg'
import { usageOf } from '../usage.ts'

/** What folding took: each step's time, the backend's CPU time, and the time that the bare insert of the same events took. */
export type Folded = { events: number; steps_ms: number[]; cpu_us: number; insert_seconds: number | undefined }

/** How many events are replayed, in inserts of how many, and after how many of them everything is folded. */
export type Replay = { events: number; every: number; per_insert: number }

/** Everything that waits is folded; nothing where nothing waited. */
export const backlog = async (client: pg.Client): Promise<Folded | undefined> => {
  const { rows } = await client.query<{ count: string }>(
    'select count(*) as count from events where stored_by >= (select coalesce(until, upto) from folds)',
  )
  const events = Number(rows[0]?.count)
  return events === 0 ? undefined : { events, ...(await foldAway(client)), insert_seconds: undefined }
}

/**
 * Lets the last events of the past happen again, a day later each round: known visitors come back to a long history of
 * theirs, the others are new.
 */
export const replay = async (client: pg.Client, { events, every, per_insert }: Replay): Promise<Folded> => {
  await client.query(last_events)
  const all: Folded = { events: 0, steps_ms: [], cpu_us: 0, insert_seconds: 0 }
  while (all.events < events) {
    const began_ms = performance.now()
    for (let stored = 0; stored < every; stored += per_insert) {
      const { rowCount } = await client.query(again, [all.events, per_insert])
      if (rowCount !== per_insert) throw new Error(`${rowCount} of ${per_insert} events were stored`)
      all.events += per_insert
    }
    all.insert_seconds = (all.insert_seconds ?? 0) + (performance.now() - began_ms) / 1000
    const { steps_ms, cpu_us } = await foldAway(client)
    all.steps_ms.push(...steps_ms)
    all.cpu_us += cpu_us
  }
  return all
}

/** Takes what was replayed out of the events and the rollups, as an erasure does. */
export const takeBack = async (client: pg.Client): Promise<void> => {
  const visitors = `(select array_agg(distinct visitor) from events where site = (select site from last_events limit 1)
    and stored_by >= (select min(stored_from) from last_events))`
  await client.query('begin')
  await client.query(`create temporary table returned on commit drop as select ${visitors} as visitors`)
  const apply = (sign: 1 | -1) =>
    client.query(
      `select apply_contributions((select site from last_events limit 1), visitors, upto, ${sign}) from returned, folds`,
    )
  await apply(-1)
  await client.query('delete from events where stored_by >= (select min(stored_from) from last_events)')
  await apply(1)
  await client.query('drop table last_events')
  await client.query('commit')
}

/** A day's worth of the newest events, numbered as they came. */
const last_events = `
create temporary table last_events as
select row_number() over (order by at) - 1 as n, pg_snapshot_xmax(pg_current_snapshot())::text::bigint as stored_from, newest.*
from (
  select * from events where site = (select id from sites where key = 'bench') order by at desc limit 10000
) as newest`

/** The next events: those of a day over and over, each time a day later, under ids of their own. */
const again = `
with next as (
  select $1::bigint + k as number, last_events.*, 1 + ($1::bigint + k) / (select count(*) from last_events) as day
  from generate_series(0, $2::bigint - 1) as k
  join last_events on n = ($1::bigint + k) % (select count(*) from last_events)
)
insert into events (site, id, at, visitor, session, "user", page, origin, client, place, action, kind, known, skewed,
  target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props)
select site, (left(uuidv7_floor(at + day * interval '1 day')::text, 15) || right(md5(number::text || id)::uuid::text, 21))::uuid,
  at + day * interval '1 day', case when known then visitor else md5(visitor::text || day)::uuid end, md5(session::text || day)::uuid, "user", page,
  origin, client, place, action, kind, known, skewed, target, duration_ms, bytes, engaged_ms, scroll_percent, amount, props
from next`

const foldAway = async (client: pg.Client): Promise<{ steps_ms: number[]; cpu_us: number }> => {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const pid = rows[0]?.pid ?? 0
  const before = usageOf(pid)
  const steps_ms: number[] = []
  for (;;) {
    const began_ms = performance.now()
    const step = await client.query<{ left: number | null }>('select fold_step(1000, 50000) as left')
    steps_ms.push(performance.now() - began_ms)
    // The last step has folded too.
    if (!step.rows[0]?.left) return { steps_ms, cpu_us: usageOf(pid).cpu_us - before.cpu_us }
  }
}
