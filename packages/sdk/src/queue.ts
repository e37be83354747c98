import type { Answer } from './api.ts'
import { events_per_batch_max } from './limits.ts'
import { type Outcome, retryIn_ms } from './send.ts'

/**
 * An event on its way: the JSON that travels, its bytes with the comma before the next, the session it happened in; of two,
 * the lower rank goes first. `leaving`: a request carries it, and nobody knows yet whether it arrived.
 */
export type Entry = { json: string; bytes: number; rank: number; session?: string | undefined; leaving?: boolean }

/** What waits for an answer, sent or not. */
export type Queue = {
  /** Takes an event in; answers with how many there is no room for: the least worth go first. */
  add: (entry: Entry) => number
  /** Sends what waits, batch after batch; resolves, when all was tried, with what the collector said. */
  flush: () => Promise<Answer[]>
  /** Sends all that waits at once, as far as a page may: it may be gone the next moment. */
  leave: () => void
  /** Forgets what waits. */
  clear: () => void
}

/** What a queue asks for. */
export type QueueParts = {
  /** Carries a batch away. */
  deliver: (batch: readonly Entry[]) => Promise<Outcome>
  /** Told once for all that one task of the page does: what waits now, and what of it would leave next. */
  settle: (waiting: readonly Entry[], next: readonly Entry[]) => void
  may: () => unknown
}

const flush_after_ms = 1_000
/** What a page may keep in flight is 64 KiB (Fetch, 4.6), and as much with `fetchLater`: this leaves room for envelopes. */
const in_flight_bytes_max = 58_000
/** An event takes 150 bytes at least, so this bounds their number as well. */
const queue_bytes_max = 512 * 1024

/** A bounded queue that sends each event until the collector takes or refuses it, while `may`. */
export const createQueue = ({ deliver, settle, may }: QueueParts): Queue => {
  let waiting: Entry[] = []
  let sending = Promise.resolve<Answer[]>([])
  let failures = 0
  let closed_until_ms = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let isSettling = false

  /** As many as one request holds, of one session; none while none may go. */
  const nextWithin = (bytes_max: number): Entry[] => {
    if (!may() || performance.now() < closed_until_ms) return []
    const rest = waiting.filter(({ leaving }) => !leaving)
    const visit = rest.filter(({ session }) => session === rest[0]?.session)
    return within(visit, bytes_max).slice(0, events_per_batch_max)
  }

  /** What may leave now, beside what is on its way already. */
  const departing = () =>
    nextWithin(waiting.reduce((left, { leaving, bytes }) => left - (leaving ? bytes : 0), in_flight_bytes_max))

  const changed = (): void => {
    if (!isSettling)
      queueMicrotask(() => {
        isSettling = false
        settle(waiting, nextWithin(in_flight_bytes_max))
      })
    isSettling = true
  }

  const flush = (): Promise<Answer[]> => {
    sending = sending.then(() => drain([]))
    return sending
  }

  const flushIn = (wait_ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      flush()
    }, wait_ms)
  }

  const drain = async (answers: Answer[]): Promise<Answer[]> => {
    const batch = departing()
    if (!batch[0]) return answers
    const mark = (leaving: boolean): void => {
      for (const entry of batch) entry.leaving = leaving
      changed()
    }
    mark(true)
    const [verdict, answer, wait_ms = 0] = await deliver(batch)
    mark(false)
    if (verdict === 'lost') {
      closed_until_ms = Math.max(closed_until_ms, performance.now() + wait_ms)
      flushIn(wait_ms + retryIn_ms(failures++))
      return answers
    }
    failures = 0
    waiting = waiting.filter((entry) => !batch.includes(entry))
    return drain([...answers, answer as Answer])
  }

  return {
    flush,
    add(entry) {
      if (entry.bytes > in_flight_bytes_max) return 1
      // Whoever carried it when it was kept is gone.
      waiting.push({ ...entry, leaving: false })
      const kept = within(
        waiting.sort((one, other) => one.rank - other.rank),
        queue_bytes_max,
      )
      const dropped = waiting.length - kept.length
      waiting = kept
      changed()
      if (!timer) flushIn(flush_after_ms)
      return dropped
    },
    leave() {
      while (departing()[0]) {
        // Side by side; but who flushes next waits for these as well.
        const drained = drain([])
        sending = sending.then(() => drained)
      }
    },
    clear() {
      waiting = []
      changed()
    },
  }
}

/** The first of these that together are no more than that. */
const within = (entries: readonly Entry[], bytes_max: number): Entry[] => {
  let left_bytes = bytes_max
  return entries.filter(({ bytes }) => {
    left_bytes -= bytes
    return left_bytes >= 0
  })
}
