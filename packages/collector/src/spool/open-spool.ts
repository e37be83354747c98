import type { PartHealth } from '@balise/shared/health'
import type { Delivery } from '../ingest/row.ts'
import type { Outcome } from '../store/events.ts'
import { createDrainer } from './drainer.ts'
import { ownFolder } from './own-folder.ts'
import { createSpool, type SpoolDepth } from './spool.ts'
import { createSpooledDelivery } from './spooled-delivery.ts'

/** What a machine lends to its spool. */
export type OpenSpoolOptions = {
  folder: string
  bytes_max: number
  /** Stores a delivery that comes from a visitor, and answers what became of it. */
  store: (delivery: Delivery) => Promise<Outcome[]>
  /** Stores deliveries that waited, and answers for each why it has to come again, or `null`. */
  storeSpooled: (deliveries: readonly Delivery[]) => Promise<(Error | null)[]>
  report: (failure: Error) => void
}

const bounds = { segment_bytes_max: 4 * 2 ** 20, waiting_bytes_max: 16 * 2 ** 20 }
const draining = { events_per_store_max: 2_000, rest_ms: 500 }
const patience_ms = 2_000

/** Opens the spool of this machine: what delivers through it, what drains it, how it is. A refusal says what to do. */
export const openSpool = async (options: OpenSpoolOptions) => {
  const { folder, bytes_max, store, storeSpooled, report } = options
  if (!(await ownFolder(folder)))
    return { refusal: `SPOOL_DIR: another process uses ${folder}. Give each process a folder of its own.` }

  const spool = await createSpool({ folder, bytes_max, ...bounds, report })
  if (spool.bytes_cut > 0)
    report(new Error(`the spool's end was torn: ${spool.bytes_cut} unacknowledged bytes were cut`))
  const { deliver, back } = createSpooledDelivery({ store, spool, patience_ms })
  const drainer = createDrainer({ spool, store: storeSpooled, ...draining, report, onStored: back })

  return {
    deliver,
    health: (): PartHealth => healthOf(spool.depth(), drainer.lastError()),
    stop: async (): Promise<void> => {
      await drainer.stop()
      await spool.close()
    },
  }
}

/** How much waits and why; ill only where the spool itself cannot keep what it is given. */
const healthOf = ({ deliveries, bytes, refuses }: SpoolDepth, last_error: string | undefined): PartHealth => {
  const waits = `${deliveries} deliveries wait in ${bytes} bytes`
  const because = last_error ? `, last error ${last_error}` : ''
  const act = refuses ? '. The disk takes no more: see to the disk of SPOOL_DIR, or raise SPOOL_BYTES_MAX' : ''
  return { ok: !refuses, detail: `${waits}${because}${act}.` }
}
