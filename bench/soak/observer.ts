import { setTimeout as sleep } from 'node:timers/promises'
import { usageOf } from '../usage.ts'
import type { SoakStage } from './stage.ts'
import type { Traffic } from './traffic.ts'

/** What was seen at one moment; latencies are of the time since the moment before. */
export type Sample = {
  at_seconds: number
  /** In the table. */
  events: number
  collector_mb: number
  /** What its processes hold each for itself: pages that they share are the cache, which is full when it is full. */
  postgres_mb: number
  ingest_p50_ms: number
  ingest_p99_ms: number
  question_p50_ms: number
  question_p99_ms: number
  /** Everything included. */
  bytes_per_event: number
  /** Of all tuples of events and rollups. */
  dead_percent: number
  rollups_mb: number
  /** How full the leaves of the rollups' index are: it falls where an index bloats. */
  index_fill_percent: number
  /** Events that are stored and not folded yet: the mean of many looks, for it rises and falls with each fold. */
  unfolded: number
}

const sizes = `
with tables as (
  select c.oid, c.relname, s.n_live_tup as live, s.n_dead_tup as dead, pg_total_relation_size(c.oid) as bytes
  from pg_class as c join pg_stat_user_tables as s on s.relid = c.oid
  where c.relkind = 'r'
)
select
  (select count(*)::integer from events) as events,
  (select sum(bytes)::float8 from tables) as bytes,
  (select bytes::float8 from tables where relname = 'rollups') as rollups_bytes,
  (select coalesce(100 * sum(dead) / nullif(sum(live + dead), 0), 0)::float8 from tables
   where relname = 'rollups' or relname like 'events%') as dead_percent,
  (select avg_leaf_density from pgstatindex('rollups_pkey')) as index_fill_percent`

type Sizes = Record<'events' | 'bytes' | 'rollups_bytes' | 'dead_percent' | 'index_fill_percent', number>

/** Between two steps of a fold that takes several, some of these are in `unfolded`; they still lie behind `upto`. */
const waiting = 'select count(*)::integer as events from events where stored_by >= (select upto from folds)'
const looks = 20

/** Each call looks at the stage for `every_seconds`, and gives what was seen. */
export const createObserver = ({ base, collector, postgres }: SoakStage, traffic: Traffic, every_seconds: number) => {
  const began_ms = performance.now()
  const until = (at_ms: number) => sleep(Math.max(0, at_ms - performance.now()))
  let due_ms = began_ms

  /** At moments that are drawn: others would keep step with the folds. */
  const meanWaiting = async (): Promise<number> => {
    const moments = Array.from({ length: looks }, () => due_ms + Math.random() * every_seconds * 1000)
    let sum = 0
    for (const moment of moments.sort((a, b) => a - b)) {
      await until(moment)
      const { rows } = await base.eye.query<{ events: number }>(waiting)
      sum += rows[0]?.events ?? 0
    }
    return sum / looks
  }

  return async (): Promise<Sample> => {
    const unfolded = await meanWaiting()
    due_ms += every_seconds * 1000
    await until(due_ms)
    const latencies = traffic.takeLatencies()
    const { rows } = await base.eye.query<Sizes>(sizes)
    const [seen] = rows
    if (!seen) throw new Error('sizes is one row')
    return {
      at_seconds: (performance.now() - began_ms) / 1000,
      events: seen.events,
      collector_mb: usageOf(collector.pid).resident_bytes / 1e6,
      postgres_mb: usageOf(postgres.pid, { without: [base.eye_pid] }).unshared_bytes / 1e6,
      ingest_p50_ms: latencies.ingest.p50_ms,
      ingest_p99_ms: latencies.ingest.p99_ms,
      question_p50_ms: latencies.question.p50_ms,
      question_p99_ms: latencies.question.p99_ms,
      bytes_per_event: seen.bytes / Math.max(1, seen.events),
      dead_percent: seen.dead_percent,
      rollups_mb: seen.rollups_bytes / 1e6,
      index_fill_percent: seen.index_fill_percent,
      unfolded,
    }
  }
}
