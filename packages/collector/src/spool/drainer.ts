import type { Delivery } from '../ingest/row.ts'
import type { Segment } from './segment.ts'
import type { Spool } from './spool.ts'

/** What the drainer needs of the world. */
export type DrainerOptions = {
  spool: Spool
  /** Answers for each delivery why it has to come again, or `null`. */
  store: (deliveries: readonly Delivery[]) => Promise<(Error | null)[]>
  events_per_store_max: number
  /** How long it rests when there is nothing to store, or no way to store it. */
  rest_ms: number
  report: (failure: Error) => void
  /** Told whenever the store took something, and whenever nothing is left. */
  onStored: () => void
}

/**
 * Stores what waits in the spool, oldest first, each delivery at least once; an event's id makes it once. While the store
 * cannot take a delivery, everything behind it waits.
 */
export const createDrainer = (options: DrainerOptions) => {
  const { spool, store, events_per_store_max, rest_ms, report, onStored } = options
  const stopping = new AbortController()
  let last_error: string | undefined
  let begun: { segment: Segment; left: Delivery[] } | undefined

  /** What was stored of a file before the store went away again is not stored anew, unless this process ends. */
  const drainOne = async (segment: Segment): Promise<void> => {
    if (begun?.segment !== segment) begun = { segment, left: await spool.read(segment) }
    const { left } = begun
    while (left.length > 0 && !stopping.signal.aborted) {
      const run = runOf(left, events_per_store_max)
      const failures = await store(run)
      left.splice(0, run.length, ...run.filter((_, index) => failures[index]))
      if (failures.includes(null)) onStored()
      const failure = failures.find((one) => one)
      if (failure) throw failure
    }
    if (left.length === 0) await spool.drop(segment)
  }

  const drainAll = async (): Promise<void> => {
    for (let segment = await spool.oldest(); segment; segment = await spool.oldest()) {
      await drainOne(segment)
      if (stopping.signal.aborted) return
    }
    onStored()
    if (spool.depth().refuses) await spool.tryDisk()
    last_error = undefined
  }

  /** One line a fault, however long it lasts. */
  const tell = (failure: unknown): void => {
    const error = failure instanceof Error ? failure : new Error(String(failure))
    const name = nameOf(error)
    if (name !== last_error) report(error)
    last_error = name
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await drainAll().catch(tell)
      await rest(rest_ms, stopping.signal)
    }
  }
  const ended = run()

  return {
    /** Why the last attempt failed, as a code; nothing once all is stored. */
    lastError: () => last_error,
    /** Ends after the statement that is under way. */
    stop: (): Promise<void> => {
      stopping.abort()
      return ended
    },
  }
}

/** The first of them, as many as one statement may hold, and at least one. */
const runOf = (left: Delivery[], events_max: number): Delivery[] => {
  let events = 0
  const end = left.findIndex((delivery) => {
    events += delivery.events.length
    return events > events_max
  })
  return end < 0 ? left.slice() : left.slice(0, Math.max(end, 1))
}

const nameOf = (failure: Error): string =>
  'code' in failure && typeof failure.code === 'string' ? failure.code : failure.name

const rest = (ms: number, signal: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}
