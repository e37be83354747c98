import { readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Delivery, EventRow } from '../ingest/row.ts'
import { deliveryIn, recordOf, recordsIn } from './record.ts'
import { syncFolder, weigh } from './segment.ts'

/** Of more files, the rest has its turn once these are gone: an operator empties the folder long before. */
const files_read_max = 1_000

/** Who of the persons in some events was forgotten, by site and keyed id. */
export type ForgottenAmong = (events: EventRow[]) => Promise<(event: EventRow) => boolean>

/**
 * Deliveries that can never be stored, a file each. A file has a spool file's form: moved back into the spool's folder, it
 * is tried again at the next start.
 */
export const openDeadLetters = async (folder: string) => {
  let held = await weigh(folder)

  const write = async (name: string, bytes: Uint8Array): Promise<void> => {
    const draft = join(folder, `${name}.new`)
    await writeFile(draft, bytes, { mode: 0o600, flush: true })
    await rename(draft, join(folder, name))
    await syncFolder(folder)
  }

  const deliveriesIn = async (name: string): Promise<Delivery[]> =>
    recordsIn(await readFile(join(folder, name))).map(deliveryIn)

  /** A file without the events of those who were forgotten; it goes where nothing else is in it. */
  const rewrite = async (name: string, deliveries: Delivery[]): Promise<void> => {
    const left = deliveries.filter(({ events, refused }) => events.length + refused.length > 0)
    if (left.length === 0) await unlink(join(folder, name))
    else await write(name, Buffer.concat(left.map(recordOf)))
  }

  return {
    /** How many files there are, and how many bytes they hold. */
    held: () => held,

    /** Keeps a record under a name of its own. */
    add: async (name: string, bytes: Uint8Array): Promise<void> => {
      await write(name, bytes)
      held = await weigh(folder)
    },

    /** Takes out the events of those who were forgotten meanwhile: no erasure in the database reaches a file. */
    forget: async (forgottenAmong: ForgottenAmong): Promise<void> => {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.spool')).sort()
      for (const name of names.slice(0, files_read_max)) {
        const deliveries = await deliveriesIn(name)
        const isForgotten = await forgottenAmong(deliveries.flatMap(({ events }) => events))
        const kept = deliveries.map(({ events, refused }) => ({
          events: events.filter((event) => !isForgotten(event)),
          refused,
        }))
        const changed = kept.some(({ events }, index) => events.length !== deliveries[index]?.events.length)
        if (changed) await rewrite(name, kept)
      }
      held = await weigh(folder)
    },
  }
}
