import type { Answer } from './api.ts'
import { events_per_batch_max } from './limits.ts'
import { type Outcome, retryIn_ms } from './send.ts'

/**
 * An event on its way: the JSON that travels, its bytes with the comma before the next, the session it happened in; of two,
 * the lower rank goes first.
 */
export type Entry = { json: string; bytes: number; rank: number; session?: string | undefined }

/** What waits for an answer, sent or not. */
export type Queue = {
  /** Takes an event in; answers with how many there is no room for: the least worth go first. */
  add: (entry: Entry) => number
  /**
   * Sends what waits, as far as a page may at once and then batch after batch; resolves, when all was tried, with what the
   * collector said from now on.
   */
  flush: () => Promise<Answer[]>
  /** Forgets what waits. */
  drop: () => void
}

/** What a queue asks for. */
export type QueueParts = {
  /** Carries a batch away. */
  deliver: (batch: readonly Entry[]) => Promise<Outcome>
  /** Told once for all that one task of the page does: what waits now, and what of it would leave next. */
  settle: (waiting: readonly Entry[], next: readonly Entry[]) => void
  /** Has what was told so far added, and says whether anything may leave. */
  may: () => unknown
}

const gather_ms = 1_000
/** What a page may keep in flight is 64 KiB (Fetch, 4.6), and as much with `fetchLater`: this leaves room for envelopes. */
const in_flight_bytes_max = 58_000
/** An event takes 150 bytes at least, so this bounds their number as well. */
const queue_bytes_max = 512 * 1024

/**
 * A bounded queue that sends each event until the collector takes or refuses it, while `may`. What finds the line idle
 * leaves at once; what is told within a second of that, or of the queue's own beginning, leaves together at its end.
 */
export const createQueue = ({ deliver, settle, may }: QueueParts): Queue => {
  let waiting: Entry[] = []
  /** What a request carries, and nobody knows yet whether it arrived. */
  let leaving: readonly Entry[] = []
  /** What is under way: what was said to it. */
  let answers: Promise<Answer[]>[] = []
  let failures = 0
  let closed_until_ms = 0
  /** When the second is over; below 0 where the next to be told waits for nobody. */
  let gathered_at_ms = performance.now() + gather_ms
  let timer: ReturnType<typeof setTimeout> | undefined
  let isSettling = false

  /** As many as one request holds, of one session; none while none may go. */
  const nextBeside = (others: readonly Entry[]): Entry[] => {
    if (!may() || performance.now() < closed_until_ms) return []
    const rest = without(waiting, leaving)
    const session = rest[0]?.session
    const visit = rest.filter((entry) => entry.session === session)
    return within([...others, ...visit], in_flight_bytes_max).slice(others.length, others.length + events_per_batch_max)
  }

  /** What may leave now, beside what is on its way already. */
  const departing = () => nextBeside(leaving)

  const changed = (): void => {
    if (!isSettling)
      queueMicrotask(() => {
        const wait_ms = gathered_at_ms - performance.now()
        if (gathered_at_ms < 0 || (!timer && !leaving[0] && waiting[0])) {
          if (wait_ms > 0) departIn(wait_ms)
          else depart()
        }
        isSettling = false
        settle(waiting, nextBeside([]))
      })
    isSettling = true
  }

  /** Side by side; who asks again waits for all of these. */
  const depart = (): void => {
    if (!leaving[0]) answers = []
    while (departing()[0]) answers.push(drain())
  }

  const departIn = (wait_ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      depart()
    }, wait_ms)
  }

  /** Another second begins. */
  const turned = (): void => {
    gathered_at_ms = performance.now() + gather_ms
    changed()
  }

  const drain = async (): Promise<Answer[]> => {
    const batch = departing()
    leaving = [...leaving, ...batch]
    turned()
    const [verdict, answer, wait_ms = 0] = await deliver(batch)
    leaving = without(leaving, batch)
    turned()
    if (verdict === 'lost') {
      closed_until_ms = Math.max(closed_until_ms, performance.now() + wait_ms)
      departIn(wait_ms + retryIn_ms(failures++))
      return []
    }
    failures = 0
    waiting = without(waiting, batch)
    return [answer as Answer, ...(departing()[0] ? await drain() : [])]
  }

  return {
    add(entry) {
      if (entry.bytes > in_flight_bytes_max) return 1
      const all = [...waiting, entry].sort((one, other) => one.rank - other.rank)
      waiting = within(all, queue_bytes_max)
      changed()
      return all.length - waiting.length
    },
    async flush() {
      depart()
      // Another tab may have opted out: what was left with the browser is taken back.
      changed()
      // A listener of the page that hears of the end after us has a last word as well.
      gathered_at_ms = -1
      return (await Promise.all(answers)).flat()
    },
    drop() {
      waiting = []
      changed()
    },
  }
}

/** These, less some of them. */
const without = (entries: readonly Entry[], some: readonly Entry[]): Entry[] =>
  entries.filter((entry) => !some.includes(entry))

/** The first of these that together are no more than that. */
const within = (entries: readonly Entry[], bytes_left: number): Entry[] =>
  entries.filter(({ bytes }) => {
    bytes_left -= bytes
    return bytes_left >= 0
  })
