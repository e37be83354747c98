import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { erasureReceipt } from '@balise/shared/privacy/erasure'
import { type Accepted, accepted } from '@balise/shared/wire/reply'
import { type Parcel, writeParcel } from '../ingest/parcel.ts'
import { createRandom, oneOf } from '../world/random.ts'
import type { SoakStage } from './stage.ts'

/** What was answered so far, in events where nothing else is said. */
export type Counts = {
  /** Told `202`, and that they were not refused: each event once. */
  accepted: number
  duplicate: number
  forgotten: number
  erased: number
  /** People. */
  erasures: number
  questions: number
  /** Requests that were told to come again, or whose connection broke; they came again. */
  retried: number
}

/** See {@link createTraffic}. */
export type Traffic = ReturnType<typeof createTraffic>

/** Half of the events come alone, half in batches. */
const share_of_singles = 0.5
/** How many browsers are there at once, and how many requests each sends on average before another one comes instead. */
const singles = { browsers: 4_000, requests: 8, events: 1 }
const batches = { browsers: 400, requests: 2, events: 50 }
type Crowd = typeof singles
/** Phones that were offline, and browsers that did not hear the answer. */
const late_share = 0.02
const late_ms_max = 20 * 86_400_000
const twice_share = 0.02
const erasure_every_ms = 5_000
const question_every_ms = 1_000
const attempts_max = 60
const past_at_once = 4

const questions = [
  { metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'] },
  { metrics: ['visitors', 'page_views'], dimensions: ['time:day'] },
  { metrics: ['visitors', 'page_views'], dimensions: ['event:path'], limit: 10 },
  { metrics: ['visitors'], dimensions: ['visit:source'], limit: 10 },
  { metrics: ['visitors', 'visits'], dimensions: ['visit:channel'] },
]

/**
 * Browsers that send, people who ask to be forgotten and a dashboard that asks, steadily until they are told to stop. Before
 * them, a past: without one, questions about the days of late events would grow with each of those.
 */
export const createTraffic = (
  stage: SoakStage,
  { events_per_second, past_events }: { events_per_second: number; past_events: number },
) => {
  const random = createRandom(11)
  const crowdOf = ({ browsers, requests, events }: Crowd) => {
    const another = () => writeParcel(random, stage.base.site.key, events)
    const parcels = Array.from({ length: browsers }, another)
    const next = (): Parcel => {
      const place = Math.floor(random() * parcels.length)
      const parcel = parcels[place] ?? another()
      if (random() * requests < 1) parcels[place] = another()
      return parcel
    }
    return { parcels, next }
  }
  const alone = crowdOf(singles)
  const together = crowdOf(batches)
  const counts: Counts = { accepted: 0, duplicate: 0, forgotten: 0, erased: 0, erasures: 0, questions: 0, retried: 0 }
  const latencies = { ingest: createHistogram(), question: createHistogram() }
  const under_way = new Map<Parcel, number>()
  const stopping = new AbortController()
  const { promise: failure, reject: fail } = Promise.withResolvers<never>()
  failure.catch(() => undefined) // whoever waits for it is told

  /** As browsers do: a request that was not answered, or was told to wait, comes again. */
  const post = async (path: string, body: string, headers: Record<string, string>): Promise<unknown> => {
    for (let attempt = 0; attempt < attempts_max; attempt++) {
      const response = await fetch(stage.url + path, { method: 'POST', headers, body }).catch((error: unknown) => {
        if (error instanceof TypeError) return undefined // "fetch failed": the connection broke
        throw error
      })
      if (response?.ok) return response.json()
      const told = await response?.text()
      if (response && response.status !== 503) throw new Error(`${path} answered ${response.status}: ${told}`)
      counts.retried += 1
      await sleep(Number(response?.headers.get('retry-after') ?? 0) * 1000)
    }
    throw new Error(`${path} was told to come again ${attempts_max} times`)
  }

  const timed = async (histogram: RecordableHistogram, act: () => Promise<unknown>): Promise<unknown> => {
    const began_ms = performance.now()
    const answer = await act()
    histogram.record(Math.max(1, Math.round((performance.now() - began_ms) * 1000)))
    return answer
  }
  const deliver = async (body: string, headers: Record<string, string>): Promise<Accepted> => {
    const reply = accepted.parse(await timed(latencies.ingest, () => post('/v1/events', body, headers)))
    const odd = reply.refused.find(({ reason }) => reason !== 'forgotten')
    if (odd) throw new Error(`an event was refused: ${JSON.stringify(odd)}`)
    counts.duplicate += reply.duplicate ?? 0
    counts.forgotten += reply.refused.length
    return reply
  }
  const send = async (parcel: Parcel): Promise<void> => {
    const { headers, stamp } = parcel
    const now_ms = Date.now()
    const late_ms = random() < late_share ? Math.floor(random() * late_ms_max) : 0
    const body = stamp(now_ms, now_ms - late_ms).toString()
    under_way.set(parcel, (under_way.get(parcel) ?? 0) + 1)
    const reply = await deliver(body, headers)
    counts.accepted += reply.accepted + (reply.duplicate ?? 0)
    if (random() < twice_share) await deliver(body, headers)
    const others = (under_way.get(parcel) ?? 0) - 1
    if (others > 0) under_way.set(parcel, others)
    else under_way.delete(parcel)
  }
  /** Somebody of whom nothing is under way leaves for good; what comes of them afterwards is not to be kept. */
  const erase = async (): Promise<void> => {
    const index = alone.parcels.findIndex((parcel) => parcel.visitor && !under_way.get(parcel))
    const [person] = index < 0 ? [] : alone.parcels.splice(index, 1)
    if (!person) return
    const asked = JSON.stringify({ site: stage.base.site.key, visitor: person.visitor })
    const receipt = erasureReceipt.parse(await post('/v1/privacy/erasures', asked, { 'content-type': 'text/plain' }))
    counts.erasures += 1
    counts.erased += receipt.erased.events
    await deliver(person.stamp(Date.now()).toString(), person.headers)
  }
  const question = async (): Promise<void> => {
    const asked = JSON.stringify({ site: stage.base.site.key, date_range: '30d', ...oneOf(random, questions) })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${stage.token}` }
    await timed(latencies.question, () => post('/v1/query', asked, headers))
    counts.questions += 1
  }

  const begun = new Set<Promise<void>>()
  const begin = (act: Promise<void>): void => {
    const ended = act.catch(fail).finally(() => begun.delete(ended))
    begun.add(ended)
  }
  /**
   * Begins an act each time it is due, however long the last one takes: a slow server gets no rest for being slow. At
   * moments that are drawn, `every_ms` apart on average: others would keep step with the collector's folds, or not, for minutes.
   */
  const steadily = async (every_ms: number, act: () => Promise<void>): Promise<void> => {
    for (let due_ms = performance.now(); !stopping.signal.aborted; due_ms += every_ms * 2 * random()) {
      while (due_ms > performance.now() && !stopping.signal.aborted)
        await sleep(Math.max(0, Math.min(due_ms - performance.now(), 100)))
      begin(act())
    }
  }
  const storePast = async (): Promise<void> => {
    for (let left = past_events / past_at_once; left > 0; left -= batches.events) {
      const now_ms = Date.now()
      const { stamp, headers } = writeParcel(random, stage.base.site.key, batches.events)
      const reply = await deliver(stamp(now_ms, now_ms - Math.floor(random() * late_ms_max)).toString(), headers)
      counts.accepted += reply.accepted + (reply.duplicate ?? 0)
    }
  }
  const past = Promise.all(Array.from({ length: past_at_once }, storePast)).then(() => void takeLatencies())
  const goOn = () =>
    Promise.all([
      steadily(1000 / (events_per_second * share_of_singles), () => send(alone.next())),
      steadily((1000 * batches.events) / (events_per_second * (1 - share_of_singles)), () => send(together.next())),
      steadily(erasure_every_ms, erase),
      steadily(question_every_ms, question),
    ])
  const takeLatencies = () => ({ ingest: taken(latencies.ingest), question: taken(latencies.question) })
  const running = past.then(goOn)
  running.catch(fail)

  return {
    /** Resolves once the past is stored, and the rest begins. */
    past,
    /** Rejects with the first answer that should not be. */
    failure,
    counts: (): Counts => ({ ...counts }),
    /** Percentiles of the answers since the last time this was asked. */
    takeLatencies,
    /** Begins nothing more, and waits for what is under way. */
    stop: async (): Promise<void> => {
      stopping.abort()
      await running
      await Promise.race([Promise.all(begun), failure])
    },
  }
}

const taken = (histogram: RecordableHistogram) => {
  const percentiles = { p50_ms: histogram.percentile(50) / 1000, p99_ms: histogram.percentile(99) / 1000 }
  histogram.reset()
  return percentiles
}
