import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartHealth } from '@balise/shared/health'
import { storeOrSetAside } from '../store/dead-letters.ts'
import { createLanes, type Lane } from '../store/lanes.ts'
import { createMicroBatch } from '../store/micro-batch.ts'
import { storePlaced } from '../store/placed-events.ts'
import { home, type Placement } from '../store/placement.ts'
import { storeWaiting } from '../store/waiting.ts'
import { openSpool } from './open-spool.ts'

/** What a machine lends to the ways into its databases. All bounds hold for all databases together. */
export type OpenLanesOptions = {
  placement: Placement
  databases: string[]
  /** Where deliveries wait while their database is away; `undefined`: they are refused. */
  folder: string | undefined
  bytes_max: number
  events_waiting_max: number
  report: (failure: Error) => void
}

/** What a lane is besides the way itself. */
type Opened = { lane: Lane; health?: () => PartHealth; stop: () => Promise<void> }

/** Opens a lane for each database, with a spool of its own. A refusal says what to do. */
export const openLanes = async (options: OpenLanesOptions) => {
  const { placement, databases, folder, report } = options
  const lost = folder ? await spoolsOfOthers(folder, databases) : []
  if (lost.length > 0)
    return { refusal: `SPOOL_DIR holds events for databases that DATABASES does not name: ${lost.join(', ')}.` }

  const share = (max: number) => Math.floor(max / databases.length)
  const open = async (name: string): Promise<Opened | { refusal: string }> => {
    const store = createMicroBatch({
      store: (delivery) => storePlaced(placement, delivery),
      storeAlone: (delivery) => storeOrSetAside({ placement, report }, delivery),
      stores_at_once_max: 4,
      events_per_store_max: 2_000,
      events_waiting_max: share(options.events_waiting_max),
      patience_ms: 50,
    })
    if (!folder) return { lane: store, stop: async () => {} }
    const own = folderOf(folder, name)
    const spool = await openSpool({
      folder: own,
      bytes_max: share(options.bytes_max),
      store,
      storeSpooled: (deliveries) => storeWaiting({ placement, report }, deliveries),
      report,
    })
    if ('refusal' in spool) return { refusal: spool.refusal }
    return { lane: spool.deliver, health: spool.health, stop: spool.stop }
  }

  const opened = new Map<string, Opened>()
  for (const name of databases) {
    const lane = await open(name)
    if ('refusal' in lane) return lane
    opened.set(name, lane)
  }

  return {
    deliver: createLanes(placement, new Map([...opened].map(([name, { lane }]) => [name, lane]))),
    /** How each spool is. */
    health: (): Record<string, PartHealth> =>
      Object.fromEntries(
        [...opened].flatMap(([name, { health }]) =>
          health ? [[name === home ? 'spool' : `spool:${name}`, health()]] : [],
        ),
      ),
    stop: async (): Promise<void> => {
      for (const { stop } of opened.values()) await stop()
    },
  }
}

/** What was spooled before there were other databases is home's. */
const folderOf = (folder: string, name: string): string => (name === home ? folder : join(folder, 'databases', name))

const spoolsOfOthers = async (folder: string, databases: string[]): Promise<string[]> => {
  await mkdir(join(folder, 'databases'), { recursive: true, mode: 0o700 })
  return (await readdir(join(folder, 'databases'))).filter((name) => !databases.includes(name))
}
