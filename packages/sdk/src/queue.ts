import { events_per_batch_max } from './limits.ts'
import type { Outcome } from './send.ts'

/**
 * An event on its way: the JSON that travels, its bytes with the comma before the next, the session it happened in; of two,
 * the lower rank goes first.
 */
export type Entry = { id: string; session?: string | undefined; json: string; bytes: number; rank: number }

/** What waits to be sent. */
export type Queue = {
  /** Takes an event in; answers with what there is no room for, the least worth first to go. */
  add: (entry: Entry) => readonly Entry[]
  /** Sends what waits, batch after batch; resolves when all was tried. */
  flush: () => Promise<void>
  /** Sends all that waits at once, as far as a page may: it may be gone the next moment. */
  leave: () => void
  /** Forgets what waits. */
  clear: () => void
}

/** What a queue asks for. */
export type QueueParts = {
  /** Carries a batch away. */
  deliver: (batch: readonly Entry[]) => Promise<Outcome>
  /** Sees that a batch is sent should the page die; the answer calls that off. An empty batch needs nothing. */
  insure: (batch: readonly Entry[]) => (() => void) | undefined
  mayDeliver: () => boolean
}

const flush_after_ms = 1_000
const flush_at_events = 50
/** What a page may keep in flight is 64 KiB (Fetch, 4.6), and as much with `fetchLater`: this leaves room for envelopes. */
const in_flight_bytes_max = 58_000
/** An event takes 150 bytes at least, so this bounds their number as well. */
const queue_bytes_max = 512 * 1024
/** About a minute: what is insured names the time of the last try, and the collector tolerates as much. */
const backoff_doublings_max = 5

/** A bounded queue that sends each event until the collector takes or refuses it, while `mayDeliver`. */
export const createQueue = ({ deliver, insure, mayDeliver }: QueueParts): Queue => {
  let waiting: Entry[] = []
  let in_flight_bytes = 0
  let sending = Promise.resolve()
  let failures = 0
  let closed_until_ms = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let callOff: (() => void) | undefined
  let isInsuring = false

  /** As many as one request holds, of one session; none while none may go. */
  const nextBatch = (bytes_max: number): Entry[] => {
    if (!mayDeliver() || performance.now() < closed_until_ms) return []
    const visit = waiting.filter(({ session }) => session === waiting[0]?.session)
    return within(visit, bytes_max).slice(0, events_per_batch_max)
  }
  const departing = () => nextBatch(in_flight_bytes_max - in_flight_bytes)

  const flush = (): Promise<void> => {
    sending = sending.then(drain)
    return sending
  }

  const flushIn = (wait_ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      flush()
    }, wait_ms)
  }

  /** Once for all that one task of the page tells. */
  const insureTail = (): void => {
    if (isInsuring) return
    isInsuring = true
    queueMicrotask(() => {
      isInsuring = false
      callOff?.()
      callOff = insure(nextBatch(in_flight_bytes_max))
    })
  }

  const drain = async (): Promise<void> => {
    const batch = departing()
    insureTail()
    if (!batch[0]) return
    const bytes = batch.reduce((sum, entry) => sum + entry.bytes, 0)
    waiting = waiting.filter((entry) => !batch.includes(entry))
    in_flight_bytes += bytes
    const [verdict, , wait_ms = 0] = await deliver(batch)
    in_flight_bytes -= bytes
    if (verdict !== 'lost') {
      failures = 0
      return drain()
    }
    if (mayDeliver()) hold(batch)
    closed_until_ms = Math.max(closed_until_ms, performance.now() + wait_ms)
    flushIn(wait_ms + flush_after_ms * 2 ** Math.min(failures++, backoff_doublings_max) * (1 + Math.random()))
  }

  const hold = (entries: readonly Entry[]): void => {
    waiting = [...entries, ...waiting].sort((one, other) => one.rank - other.rank)
    insureTail()
  }

  return {
    flush,
    add(entry) {
      if (entry.bytes > in_flight_bytes_max) return [entry]
      waiting.push(entry)
      hold([])
      if (!timer) flushIn(flush_after_ms)
      else if (!failures && waiting.length === flush_at_events) flushIn(0)
      const fits = within(waiting, queue_bytes_max)
      return waiting.splice(fits.length)
    },
    leave() {
      while (departing()[0]) drain()
    },
    clear() {
      waiting = []
      insureTail()
    },
  }
}

/** The first of these that together are no more than that. */
const within = (entries: readonly Entry[], bytes_max: number): Entry[] => {
  let all_bytes = 0
  return entries.filter(({ bytes }) => {
    all_bytes += bytes
    return all_bytes <= bytes_max
  })
}
