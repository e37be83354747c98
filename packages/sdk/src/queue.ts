import { events_per_batch_max } from './limits.ts'
import type { Outcome } from './send.ts'

/** An event on its way, as the JSON that travels, and the session it happened in. */
export type Entry = { id: string; session?: string | undefined; json: string }

/** Where unsent events outlive their page. */
export type Outbox = {
  load: () => Entry[]
  save: (entry: Entry) => void
  drop: (entry: Entry) => void
}

/** What waits to be sent. */
export type Queue = {
  /** Takes an event in, unless there is no room. */
  add: (entry: Entry) => boolean
  /** Sends what waits, batch after batch; resolves when all was tried. */
  flush: () => Promise<void>
  /** Sends all that waits at once: the page may be gone the next moment. */
  leave: () => void
  /** Takes in what earlier pages left unsent, and keeps a copy of what waits. */
  adopt: () => void
  /** Forgets what waits. */
  clear: () => void
}

/** Carries a batch away; `dying` with the page. */
export type Deliver = (batch: readonly Entry[], dying?: boolean) => Promise<Outcome>

const flush_after_ms = 1_000
const flush_at_events = 50
/** Beacons and keepalive requests of a page share 64 KiB in flight (Fetch, 4.6); with its envelope, under 60,000. */
const batch_bytes_max = 58_000
const queue_events_max = 1_000
const queue_bytes_max = 512 * 1024
const backoff_doublings_max = 8

/** A bounded queue that sends each event until the collector takes or refuses it, while `mayDeliver`. */
export const createQueue = (deliver: Deliver, mayDeliver: () => unknown, outbox?: Outbox): Queue => {
  const waiting: Entry[] = []
  let sending = Promise.resolve()
  let failures = 0
  let closed_until_ms = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const maySend = () => waiting[0] && mayDeliver() && Date.now() >= closed_until_ms

  const flushIn = (wait_ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      flush()
    }, wait_ms)
  }

  const drain = async (dying?: boolean): Promise<void> => {
    if (!maySend()) return
    const batch = waiting.splice(0, firstBatchOf(waiting))
    const [verdict, , wait_ms = 0] = await deliver(batch, dying)
    if (verdict !== 'lost') {
      failures = 0
      if (outbox) batch.forEach(outbox.drop)
      return drain()
    }
    if (mayDeliver()) waiting.unshift(...batch)
    closed_until_ms = Date.now() + wait_ms
    flushIn(wait_ms + flush_after_ms * 2 ** Math.min(failures++, backoff_doublings_max) * (1 + Math.random()))
  }

  const flush = (): Promise<void> => {
    sending = sending.then(() => drain())
    return sending
  }

  return {
    flush,
    add(entry) {
      const fits = bytesOf([entry]) <= batch_bytes_max && bytesOf([...waiting, entry]) <= queue_bytes_max
      if (!fits || waiting.length >= queue_events_max) return false
      const length = waiting.push(entry)
      outbox?.save(entry)
      if (!timer) flushIn(flush_after_ms)
      if (!failures && length === flush_at_events) flushIn(0)
      return true
    },
    leave() {
      while (maySend()) drain(true)
    },
    adopt() {
      if (!outbox) return
      waiting.unshift(...outbox.load().filter(({ id }) => !waiting.some((entry) => entry.id === id)))
      waiting.forEach(outbox.save)
      if (!timer) flushIn(flush_after_ms)
    },
    clear() {
      waiting.length = 0
    },
  }
}

/** How many one request holds, of one session. */
const firstBatchOf = (waiting: readonly Entry[]): number => {
  let size = 1
  while (
    size < events_per_batch_max &&
    waiting[size]?.session === waiting[0]?.session &&
    bytesOf(waiting.slice(0, size + 1)) <= batch_bytes_max
  )
    size++
  return size
}

/** As they travel, commas included. */
const bytesOf = (entries: readonly Entry[]): number => new Blob(entries.map(({ json }) => `${json},`)).size
