import { events_per_batch_max } from './limits.ts'
import type { Outcome } from './send.ts'

/** An event on its way: the JSON that travels, its bytes, and the session it happened in. */
export type Entry = { id: string; session?: string | undefined; json: string; bytes: number }

/** What waits to be sent. */
export type Queue = {
  /** Takes an event in, unless there is no room. */
  add: (entry: Entry) => boolean
  /** Sends what waits, batch after batch; resolves when all was tried. */
  flush: () => Promise<void>
  /** Sends all that waits at once: the page may be gone the next moment. */
  leave: () => void
  /** Forgets what waits. */
  clear: () => void
}

/** Carries a batch away; `dying` with the page. */
export type Deliver = (batch: readonly Entry[], dying?: boolean) => Promise<Outcome>

const flush_after_ms = 1_000
const flush_at_events = 50
/** Beacons and keepalive requests of a page share 64 KiB in flight (Fetch, 4.6); with its envelope, under 60,000. */
const batch_bytes_max = 58_000
/** An event takes 150 bytes at least, so this bounds their number as well. */
const queue_bytes_max = 512 * 1024
const backoff_doublings_max = 8

/** A bounded queue that sends each event until the collector takes or refuses it, while `mayDeliver`. */
export const createQueue = (deliver: Deliver, mayDeliver: () => boolean): Queue => {
  let waiting: Entry[] = []
  let sending = Promise.resolve()
  let failures = 0
  let closed_until_ms = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const maySend = () => waiting[0] && mayDeliver() && Date.now() >= closed_until_ms

  const flush = (): Promise<void> => {
    sending = sending.then(() => drain())
    return sending
  }

  const flushIn = (wait_ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      flush()
    }, wait_ms)
  }

  const drain = async (dying?: boolean): Promise<void> => {
    if (!maySend()) return
    const batch = firstBatch(waiting)
    waiting = waiting.filter((entry) => !batch.includes(entry))
    const [verdict, , wait_ms = 0] = await deliver(batch, dying)
    if (verdict !== 'lost') {
      failures = 0
      return drain()
    }
    if (mayDeliver()) waiting = batch.concat(waiting)
    closed_until_ms = Date.now() + wait_ms
    flushIn(wait_ms + flush_after_ms * 2 ** Math.min(failures++, backoff_doublings_max) * (1 + Math.random()))
  }

  return {
    flush,
    add(entry) {
      if (entry.bytes > batch_bytes_max || entry.bytes + bytesOf(waiting) > queue_bytes_max) return false
      const length = waiting.push(entry)
      if (!timer) flushIn(flush_after_ms)
      else if (!failures && length === flush_at_events) flushIn(0)
      return true
    },
    leave() {
      while (maySend()) drain(true)
    },
    clear() {
      waiting = []
    },
  }
}

/** As many as one request holds, of one session. */
const firstBatch = (waiting: readonly Entry[]): Entry[] => {
  let batch = waiting.filter(({ session }) => session === waiting[0]?.session).slice(0, events_per_batch_max)
  while (bytesOf(batch) > batch_bytes_max) batch = batch.slice(0, batch.length / 2)
  return batch
}

/** Together, with the comma that each needs. */
const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { bytes }) => sum + bytes + 1, 0)
