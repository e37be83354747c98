import { readFile, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Delivery } from '../ingest/row.ts'
import { recordOf, recordsIn, type SpoolRecord } from './record.ts'
import { openToAppend, pathOfSegment, recover, type Segment, type SpoolFile, syncFolder, weigh } from './segment.ts'

/** The spool cannot keep a delivery: its bound is reached, or the disk does not take it. The batch is refused. */
export class SpoolRefuses extends Error {
  readonly code = '53100' // disk_full
  constructor(why: string, options?: ErrorOptions) {
    super(`the spool cannot keep a delivery: ${why}`, options)
  }
}

/** How much waits, how much was set aside, and whether the next delivery would be refused. */
export type SpoolDepth = { deliveries: number; bytes: number; dead: number; refuses: boolean }

/** What a disk that has room takes at least. */
const block_bytes = 64 * 1024

type Active = Segment & { file: SpoolFile }
type Waiting = { record: Buffer; resolve: () => void; reject: (failure: SpoolRefuses) => void }

/** Where the spool lies and how much it may hold; `open` is a file system's. */
export type SpoolOptions = {
  folder: string
  /** On disk and on the way there, what was set aside included. */
  bytes_max: number
  /** A file that is larger than this is closed, and the next begun. */
  segment_bytes_max: number
  /** On the way to the disk. */
  waiting_bytes_max: number
  report: (failure: Error) => void
  open?: (path: string) => Promise<SpoolFile>
}

/**
 * Deliveries that wait on this machine's disk, in files, oldest first. Deliveries that arrive while the disk is busy are
 * written together and share one `fdatasync`. What an earlier process left is taken up again.
 *
 * One process writes to a folder at a time: see `own-folder.ts`.
 */
export const createSpool = async (options: SpoolOptions) => {
  const { folder, bytes_max, segment_bytes_max, waiting_bytes_max, report, open = openToAppend } = options
  const dead_folder = join(folder, 'dead')
  const { segments: closed, next, bytes_cut } = await recover(folder)
  let dead = await weigh(dead_folder)
  let number = next
  let active: Active | undefined
  let waiting: Waiting[] = []
  let waiting_bytes = 0
  let disk_refuses = false

  /** Whoever touches the files does so alone: the writer, and the reader who wants a file closed. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Value>(act: () => Promise<Value>): Promise<Value> => {
    const done = turn.then(act)
    turn = done.catch(() => undefined)
    return done
  }

  const segments = (): Segment[] => (active ? [...closed, active] : closed)
  const waits_bytes = () => segments().reduce((sum, { bytes }) => sum + bytes, 0)
  const held_bytes = () => waits_bytes() + dead.bytes + waiting_bytes

  const begin = async (): Promise<Active> => {
    const path = pathOfSegment(folder, number++)
    const file = await open(path)
    active = { path, file, bytes: 0, deliveries: 0 }
    await syncFolder(folder)
    return active
  }

  const closeActive = async (): Promise<void> => {
    if (!active) return
    const { file, ...segment } = active
    active = undefined
    if (segment.bytes > 0) closed.push(segment)
    await file.close()
    if (segment.bytes === 0) await unlink(segment.path)
  }

  /** After a failed write nobody knows what the file holds behind its last good byte, nor what a second try would do. */
  const abandonActive = async (): Promise<void> => {
    await active?.file.truncate(active.bytes).finally(closeActive)
  }

  const write = async (): Promise<void> => {
    const group = waiting
    const bytes = Buffer.concat(group.map(({ record }) => record))
    waiting = []
    try {
      const segment = active ?? (await begin())
      await segment.file.appendFile(bytes)
      await segment.file.datasync()
      segment.bytes += bytes.length
      segment.deliveries += group.length
      disk_refuses = false
      for (const { resolve } of group) resolve()
    } catch (failure) {
      disk_refuses = true
      const refusal = new SpoolRefuses('the disk does not take it', { cause: failure })
      for (const { reject } of group) reject(refusal)
      await abandonActive()
    } finally {
      waiting_bytes -= bytes.length
    }
    if (active && active.bytes >= segment_bytes_max) await closeActive()
  }

  return {
    /** How many bytes an earlier process had begun to write and acknowledged to nobody. */
    bytes_cut,

    /** Resolves once the delivery is on the disk. Rejects with `SpoolRefuses`, and then keeps nothing of it. */
    append: (delivery: Delivery): Promise<void> => {
      const record = recordOf(delivery)
      if (held_bytes() + record.length > bytes_max) return Promise.reject(new SpoolRefuses('it is full'))
      if (waiting_bytes + record.length > waiting_bytes_max) return Promise.reject(new SpoolRefuses('the disk is slow'))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ record, resolve, reject })
      waiting_bytes += record.length
      if (waiting.length === 1) inTurn(write).catch(report)
      return promise
    },

    /** The oldest file, closed now if it was still being written to; nothing when nothing waits. */
    oldest: (): Promise<Segment | undefined> =>
      inTurn(async () => {
        if (closed.length === 0) await closeActive()
        return closed[0]
      }),

    /** The records of a file that `oldest` gave. */
    read: async ({ path, bytes }: Segment): Promise<SpoolRecord[]> =>
      recordsIn((await readFile(path)).subarray(0, bytes)),

    /** Forgets a file, all of whose deliveries are stored or set aside. */
    drop: (segment: Segment): Promise<void> =>
      inTurn(async () => {
        await unlink(segment.path)
        closed.splice(closed.indexOf(segment), 1)
      }),

    /**
     * Keeps a delivery that can never be stored in a file of its own in `dead/`. It has a spool file's form: moved back
     * into the folder, it is tried again at the next start.
     */
    setAside: async (segment: Segment, { offset, bytes }: SpoolRecord): Promise<void> => {
      const name = `${basename(segment.path, '.spool')}-${offset}.spool`
      await writeFile(join(dead_folder, name), bytes, { mode: 0o600, flush: true })
      await syncFolder(dead_folder)
      dead = await weigh(dead_folder)
    },

    /** After the disk refused: finds out whether it takes a block again, and rejects where it does not. */
    tryDisk: (): Promise<void> =>
      inTurn(async () => {
        const { file } = active ?? (await begin())
        await file
          .appendFile(Buffer.alloc(block_bytes))
          .then(() => file.datasync())
          .finally(abandonActive)
        disk_refuses = false
      }),

    depth: (): SpoolDepth => ({
      deliveries: segments().reduce((sum, { deliveries }) => sum + deliveries, 0),
      bytes: waits_bytes(),
      dead: dead.files,
      refuses: disk_refuses || held_bytes() + block_bytes > bytes_max,
    }),

    /** Waits for what is being written, and closes the file. */
    close: (): Promise<void> => inTurn(closeActive),
  }
}

/** See {@link createSpool}. */
export type Spool = Awaited<ReturnType<typeof createSpool>>
