import type { WireEvent } from '@balise/shared/wire/event'
import { events_per_batch_max } from './limits.ts'
import type { Report } from './report.ts'
import type { Outcome } from './send.ts'

/** An event on its way: the session it happened in, and its size as JSON. */
export type Entry = { event: WireEvent; session?: string | undefined; bytes: number }

/** Where unsent events outlive their page. */
export type Outbox = {
  load: () => Entry[]
  save: (entry: Entry) => void
  drop: (entry: Entry) => void
}

/** What waits to be sent. */
export type Queue = {
  add: (entry: Entry) => void
  /** Sends what waits, batch after batch; resolves when all was tried. */
  flush: () => Promise<void>
  /** Sends all that waits at once: the page may be gone the next moment. */
  leave: () => void
  /** Takes in what earlier pages left unsent, and keeps a copy of what waits. */
  adopt: () => void
  /** Forgets what waits. */
  clear: () => void
}

/** What a queue asks for. */
export type QueueParts = {
  deliver: (entries: readonly Entry[], dying?: boolean) => Promise<Outcome>
  /** Whether consent lets events go now. */
  mayDeliver: () => boolean
  outbox?: Outbox | undefined
  now: () => number
  /** From 0 to 1, to spread retries. */
  random: () => number
  /** Calls `act` in `wait_ms`, in place of what was to be called before. */
  wake: (act: () => void, wait_ms: number) => void
  report: Report
}

const flush_after_ms = 1_000
const flush_at_events = 50
/** Beacons and keepalive requests of a page share 64 KiB in flight (Fetch, 4.6), envelope and all. */
const batch_bytes_max = 58_000
const queue_events_max = 1_000
const queue_bytes_max = 512 * 1024
const backoff_ms_max = 300_000

/** A bounded queue that sends each event until the collector takes or refuses it. */
export const createQueue = ({ deliver, mayDeliver, outbox, now, random, wake, report }: QueueParts): Queue => {
  let waiting: Entry[] = []
  let sending: Promise<void> | undefined
  let failures = 0
  let closed_until = 0
  let life = {}

  const maySend = () => waiting[0] && mayDeliver() && now() >= closed_until

  const add = (entry: Entry): void => {
    const full = waiting.length >= queue_events_max || bytesOf(waiting) + entry.bytes > queue_bytes_max
    if (full || entry.bytes > batch_bytes_max) return report('refused', full ? 'queue full' : 'event too large')
    waiting.push(entry)
    if (outbox) outbox.save(entry)
    if (failures) return
    if (waiting.length === 1) wake(flush, flush_after_ms)
    if (waiting.length === flush_at_events) flush()
  }

  /** Sends one batch; answers whether the next may follow. */
  const sendFirst = async (dying?: boolean): Promise<boolean> => {
    const batch = firstBatch(waiting)
    const born = life
    waiting = waiting.slice(batch.length)
    const { verdict, why, wait_ms } = await deliver(batch, dying)
    report(verdict, { why, batch })
    if (born !== life) return false
    if (verdict !== 'lost') {
      failures = 0
      if (outbox) batch.forEach(outbox.drop)
      return true
    }
    waiting = batch.concat(waiting)
    closed_until = now() + wait_ms
    wake(flush, wait_ms + Math.min(backoff_ms_max, flush_after_ms * 2 ** failures++) * (0.5 + random() / 2))
    return false
  }

  const drain = async (): Promise<void> => {
    if (maySend() && (await sendFirst())) await drain()
  }

  const flush = async (): Promise<void> => {
    sending = sending || drain()
    await sending
    sending = undefined
  }

  const leave = (): void => {
    while (maySend()) sendFirst(true)
  }

  const adopt = (): void => {
    if (!outbox) return
    const known = waiting.map(({ event }) => event.id)
    waiting = outbox
      .load()
      .filter(({ event }) => !known.includes(event.id))
      .concat(waiting)
      .slice(0, queue_events_max)
    waiting.forEach(outbox.save)
  }

  const clear = (): void => {
    waiting = []
    life = {}
  }

  return { add, flush, leave, adopt, clear }
}

/** As many as one request holds, of one session. */
const firstBatch = (waiting: readonly Entry[]): Entry[] => {
  const batch: Entry[] = []
  for (const entry of waiting.slice(0, events_per_batch_max)) {
    if (entry.session !== waiting[0]?.session || bytesOf(batch) + entry.bytes > batch_bytes_max) break
    batch.push(entry)
  }
  return batch
}

/** Together, with the comma that each needs. */
const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { bytes }) => sum + bytes + 1, 0)
