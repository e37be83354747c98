import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from '../../dev/command.ts'
import { Refusal } from '../../dev/refusal.ts'
import { meterOf } from '../usage.ts'
import type { Base } from './base.ts'
import type { Insert, InsertResult } from './insert.ts'
import type { Load, LoadResult } from './load.ts'
import type { Runtime, Stage } from './stage.ts'

/** What a round is: how many events go in one request, from how many connections, for how long. */
export type Round = {
  batch: number
  connections: number
  seconds: number
  requests_per_second?: number
  untimed_seconds?: number
}

/** What one round showed. Times of the CPU are per event; what a subject has no part in is absent. */
export type Figures = {
  events_per_second: number
  /** Until the last event was in its table: behind a queue that is later than the last answer. */
  stored_per_second?: number
  server_us?: number
  gateway_us?: number
  postgres_us?: number
  generator_us: number
  p50_ms: number
  p99_ms: number
  resident_bytes?: number
}

const drained_within_ms = 120_000

/** Sends events to a collector, and throws when the table does not hold each accepted one afterwards, once. */
export const measureCollector = async (stage: Stage, runtime: Runtime, round: Round): Promise<Figures> => {
  const { eye, eye_pid, site } = runtime.base
  await eye.query('truncate events')
  await eye.query('checkpoint')
  const server = meterOf(runtime.server.pid, runtime.server)
  const database = meterOf(stage.postgres.pid, { without: [eye_pid] })
  const gateway = runtime.gateway && meterOf(runtime.gateway.pid)

  const answered = await run<LoadResult>('load.ts', loadOf(runtime.url, site.key, round))
  const answered_ms = performance.now()
  const wrong = Object.entries(answered.failures)
  if (wrong.length > 0) throw new Refusal(`${runtime.name} answered otherwise than 202: ${JSON.stringify(wrong)}.`)
  await drained(runtime.base, answered.accepted)
  const stored_seconds = answered.seconds + (performance.now() - answered_ms) / 1000

  const { accepted } = answered
  const { cpu_us, resident_bytes } = server()
  return {
    events_per_second: accepted / answered.seconds,
    stored_per_second: accepted / stored_seconds,
    server_us: cpu_us / accepted,
    ...(gateway && { gateway_us: gateway().cpu_us / accepted }),
    postgres_us: database().cpu_us / accepted,
    generator_us: answered.cpu_us / accepted,
    p50_ms: answered.p50_ms,
    p99_ms: answered.p99_ms,
    resident_bytes,
  }
}

/** Sends the same requests to the hello-world on the same runtime. */
export const measureHello = async (runtime: Runtime, round: Round): Promise<Figures> => {
  const server = meterOf(runtime.hello.pid, runtime.hello)
  const answered = await run<LoadResult>('load.ts', loadOf(runtime.hello_url, runtime.base.site.key, round))
  const events = answered.requests * round.batch
  return {
    events_per_second: events / answered.seconds,
    server_us: server().cpu_us / events,
    generator_us: answered.cpu_us / events,
    p50_ms: answered.p50_ms,
    p99_ms: answered.p99_ms,
  }
}

/** Inserts ready-made rows into a table of the same shape, over as many connections as the collector may open. */
export const measureInsert = async (stage: Stage, round: Round): Promise<Figures> => {
  const { eye, url, site } = stage.ceiling
  await eye.query('truncate ceiling')
  await eye.query('checkpoint')
  const database = meterOf(stage.postgres.pid)
  const wanted: Insert = {
    database_url: url,
    site: site.id,
    events_per_insert: round.batch,
    connections: collector_connections,
    seconds: round.seconds,
  }
  const { events, seconds, cpu_us, p50_ms, p99_ms } = await run<InsertResult>('insert.ts', wanted)
  return {
    events_per_second: events / seconds,
    postgres_us: database().cpu_us / events,
    generator_us: cpu_us / events,
    p50_ms,
    p99_ms,
  }
}

/** As many as `packages/collector/src/node.ts` and the gateway may open. */
const collector_connections = 10

const loadOf = (url: string, site: string, round: Round): Load => ({
  url,
  site,
  events_per_request: round.batch,
  connections: round.connections,
  seconds: round.seconds,
  ...(round.requests_per_second && { requests_per_second: round.requests_per_second }),
  ...(round.untimed_seconds && { untimed_seconds: round.untimed_seconds }),
})

/** Waits until as many events are stored as were accepted. More than that, or fewer for two minutes, is a failure. */
const drained = async ({ eye, site }: Base, accepted: number): Promise<void> => {
  const until_ms = performance.now() + drained_within_ms
  for (;;) {
    const { rows } = await eye.query<{ count: string }>('select count(*) from events where site = $1', [site.id])
    const stored = Number(rows[0]?.count)
    if (stored === accepted) return
    if (stored > accepted || performance.now() > until_ms)
      throw new Refusal(`Accepted ${accepted} events, but ${stored} are stored.`)
    await sleep(100)
  }
}

const run = async <Result>(file: string, wanted: object): Promise<Result> => {
  const script = join(root, 'bench', 'ingest', file)
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(wanted)])
  return JSON.parse(stdout) as Result
}
