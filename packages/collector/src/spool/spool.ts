import { readFile, unlink } from 'node:fs/promises'
import { type Delivery, siteOf } from '../ingest/row.ts'
import { createHolders, type Held } from './holders.ts'
import { deliveryIn, recordOf, recordsIn } from './record.ts'
import { recover, type Segment, type SpoolFile } from './segment.ts'
import { createSegmentWriter } from './segment-writer.ts'

/** The spool cannot keep a delivery: its bound is reached, or the disk does not take it. The batch is refused. */
export class SpoolRefuses extends Error {
  readonly code = '53100' // disk_full
  constructor(why: string, options?: ErrorOptions) {
    super(`the spool cannot keep a delivery: ${why}`, options)
  }
}

/** How much waits, and whether the next delivery would be refused. */
export type SpoolDepth = { deliveries: number; bytes: number; refuses: boolean }

type Waiting = Held & { record: Buffer; resolve: () => void; reject: (failure: SpoolRefuses) => void }

/** Where the spool lies and how much it may hold; `open` is a file system's. */
export type SpoolOptions = {
  folder: string
  /** On disk and on the way there. */
  bytes_max: number
  /** A file that is larger than this is closed, and the next begun. */
  segment_bytes_max: number
  /** On the way to the disk. */
  waiting_bytes_max: number
  report: (failure: Error) => void
  open?: (path: string) => Promise<SpoolFile>
}

/** With less room than the largest batch takes, the spool counts as full. */
const room_bytes_min = 64 * 1024

/**
 * Deliveries that wait on this machine's disk, in files, oldest first. Deliveries that arrive while the disk is busy are
 * written together and share one `fdatasync`. What an earlier process left is taken up again.
 *
 * A site that floods is refused before the spool is full: see `limits/fair-share.ts`. Which sites an earlier process kept
 * is not read anew: that is nobody's share.
 *
 * One process writes to a folder at a time: see `own-folder.ts`.
 */
export const createSpool = async (options: SpoolOptions) => {
  const { folder, bytes_max, segment_bytes_max, waiting_bytes_max, report, open } = options
  const { segments: closed, next: first, bytes_cut } = await recover(folder)
  const writer = createSegmentWriter({ folder, first, open, onClosed: (segment) => closed.push(segment) })
  let waiting: Waiting[] = []
  let waiting_bytes = 0
  let disk_refuses = false
  const holders = createHolders()

  /** Whoever touches the files does so alone: those who append, and the reader who wants a file closed. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Value>(act: () => Promise<Value>): Promise<Value> => {
    const done = turn.then(act)
    turn = done.catch(() => undefined) // whoever asked for the act is told; the next one has its turn all the same
    return done
  }

  const segments = (): Segment[] => {
    const active = writer.active()
    return active ? [...closed, active] : closed
  }
  const bytesWaiting = () => segments().reduce((sum, { bytes }) => sum + bytes, 0)
  const bytesHeld = () => bytesWaiting() + waiting_bytes

  const writeTogether = async (): Promise<void> => {
    const group = waiting
    const bytes = Buffer.concat(group.map(({ record }) => record))
    waiting = []
    try {
      await writer.write(bytes, group.length)
      disk_refuses = false
      for (const { resolve } of group) resolve()
      holders.written(group, writer.active()?.path)
    } catch (failure) {
      disk_refuses = true
      const refusal = new SpoolRefuses('the disk does not take it', { cause: failure })
      for (const { reject } of group) reject(refusal)
      holders.written(group, undefined)
    }
    waiting_bytes -= bytes.length
    if ((writer.active()?.bytes ?? 0) >= segment_bytes_max) await writer.close()
  }

  return {
    /** How many bytes an earlier process had begun to write and acknowledged to nobody. */
    bytes_cut,

    /** Resolves once the delivery is on the disk. Rejects with `SpoolRefuses`, and then keeps nothing of it. */
    append: (delivery: Delivery): Promise<void> => {
      const record = recordOf(delivery)
      const waits = { site: siteOf(delivery), bytes: record.length }
      const free = { on_disk: bytes_max - bytesHeld(), on_the_way: waiting_bytes_max - waiting_bytes }
      const why = holders.admit(waits, free)
      if (why) return Promise.reject(new SpoolRefuses(why))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ ...waits, record, resolve, reject })
      waiting_bytes += record.length
      if (waiting.length === 1) inTurn(writeTogether).catch(report)
      return promise
    },

    /** The oldest file, closed now if it was still being written to; nothing when nothing waits. */
    oldest: (): Promise<Segment | undefined> =>
      inTurn(async () => {
        if (closed.length === 0) await writer.close()
        return closed[0]
      }),

    /** What is in a file that `oldest` gave. */
    read: async ({ path, bytes }: Segment): Promise<Delivery[]> =>
      recordsIn((await readFile(path)).subarray(0, bytes)).map(deliveryIn),

    /** Forgets a file, all of which is stored. */
    drop: (segment: Segment): Promise<void> =>
      inTurn(async () => {
        await unlink(segment.path)
        holders.dropped(segment.path)
        closed.splice(closed.indexOf(segment), 1)
      }),

    /** After the disk refused: finds out whether it has room again, and rejects where it has not. */
    tryDisk: (): Promise<void> =>
      inTurn(async () => {
        await writer.tryDisk()
        disk_refuses = false
      }),

    depth: (): SpoolDepth => ({
      deliveries: segments().reduce((sum, { deliveries }) => sum + deliveries, 0),
      bytes: bytesWaiting(),
      refuses: disk_refuses || holders.turnedAway() || bytesHeld() + room_bytes_min > bytes_max,
    }),

    /** Waits for what is being written, and closes the file. */
    close: (): Promise<void> => inTurn(writer.close),
  }
}

/** See {@link createSpool}. */
export type Spool = Awaited<ReturnType<typeof createSpool>>
