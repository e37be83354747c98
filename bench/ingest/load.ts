import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Accepted } from '@balise/shared/wire/reply'
import { Pool } from 'undici'
import { createRandom } from '../world/random.ts'
import { type Parcel, writeParcel } from './parcel.ts'

/**
 * What to send, for how long. Each connection sends its next request when the last one was answered; with
 * `requests_per_second` requests are sent when they are due, whatever the server does. Those of the first `untimed_seconds`
 * are sent and counted, but not timed: until then this process compiles itself and opens its connections.
 */
export type Load = {
  url: string
  site: string
  events_per_request: number
  connections: number
  seconds: number
  requests_per_second?: number
  untimed_seconds?: number
}

/** What was answered. `failures` counts what was not `202`, by status or error code; `cpu_us` is the generator's own. */
export type LoadResult = {
  requests: number
  accepted: number
  failures: Record<string, number>
  seconds: number
  cpu_us: number
  p50_ms: number
  p99_ms: number
}

/** Distinct requests written beforehand, in events: their paths, agents and visitors repeat after that many. */
const events_written = 20_000
const parcels_max = 4_000

/** Sends a load and tells what came back. */
export const load = async (wanted: Load): Promise<LoadResult> => {
  const random = createRandom(7)
  const parcels_count = Math.min(parcels_max, Math.ceil(events_written / wanted.events_per_request))
  const parcels = Array.from({ length: parcels_count }, () =>
    writeParcel(random, wanted.site, wanted.events_per_request),
  )
  const pool = new Pool(wanted.url, { connections: wanted.connections, pipelining: 1 })
  const latency = createHistogram()
  const answers: Answers = { requests: 0, accepted: 0, failures: {} }

  const cpu = process.cpuUsage()
  const began_ms = performance.now()
  const timed_from_ms = began_ms + (wanted.untimed_seconds ?? 0) * 1000
  const send = (due_ms: number) => {
    const parcel = parcels[answers.requests++ % parcels.length] as Parcel
    return post(pool, parcel).then((answer) => {
      if (due_ms >= timed_from_ms) latency.record(Math.max(1, Math.round((performance.now() - due_ms) * 1000)))
      count(answer, answers)
    })
  }
  if (wanted.requests_per_second) await sendWhenDue(send, wanted.seconds, wanted.requests_per_second)
  else await sendInTurns(send, wanted.seconds, wanted.connections)
  const seconds = (performance.now() - began_ms) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await pool.close()
  return { ...answers, seconds, cpu_us: user + system, ...percentiles(latency) }
}

type Send = (due_ms: number) => Promise<void>
type Answers = Pick<LoadResult, 'requests' | 'accepted' | 'failures'>
type Answer = { status: number | string; text: string }

const sendInTurns = async (send: Send, seconds: number, connections: number): Promise<void> => {
  const until_ms = performance.now() + seconds * 1000
  const turn = async () => {
    while (performance.now() < until_ms) await send(performance.now())
  }
  await Promise.all(Array.from({ length: connections }, turn))
}

/** A request that leaves late, because the server kept us busy, counts as late from the moment it was due. */
const sendWhenDue = async (send: Send, seconds: number, per_second: number): Promise<void> => {
  const began_ms = performance.now()
  const total = seconds * per_second
  const answers: Promise<void>[] = []
  while (answers.length < total) {
    const due_ms = began_ms + (answers.length * 1000) / per_second
    if (due_ms > performance.now()) await sleep(1)
    else answers.push(send(due_ms))
  }
  await Promise.all(answers)
}

const post = (pool: Pool, { headers, stamp }: Parcel): Promise<Answer> =>
  new Promise((resolve) => {
    const answer: Answer = { status: 0, text: '' }
    pool.dispatch(
      { path: '/v1/events', method: 'POST', headers, body: stamp(Date.now()) },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status) => {
          answer.status = status
        },
        onResponseData: (_controller, chunk) => {
          answer.text += chunk.toString()
        },
        onResponseEnd: () => resolve(answer),
        onResponseError: (_controller, error) =>
          resolve({ status: 'code' in error ? String(error.code) : error.name, text: '' }),
      },
    )
  })

const count = ({ status, text }: Answer, answers: Answers): void => {
  if (status === 202) answers.accepted += (JSON.parse(text) as Accepted).accepted
  else answers.failures[status] = (answers.failures[status] ?? 0) + 1
}

const percentiles = (latency: RecordableHistogram) => ({
  p50_ms: latency.percentile(50) / 1000,
  p99_ms: latency.percentile(99) / 1000,
})

if (import.meta.main) console.log(JSON.stringify(await load(JSON.parse(process.argv[2] ?? '{}') as Load)))
