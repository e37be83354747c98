import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import type { Delivery } from '../src/ingest/row.ts'
import { createDrainer } from '../src/spool/drainer.ts'
import { recordOf } from '../src/spool/record.ts'
import type { SpoolFile } from '../src/spool/segment.ts'
import { createSpool } from '../src/spool/spool.ts'
import { createSpooledDelivery } from '../src/spool/spooled-delivery.ts'
import { storeEvents } from '../src/store/events.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { isUnavailable } from '../src/store/unavailable.ts'
import { deliveryOf, row } from './deliveries.ts'
import { expectStored, folderOf, tell } from './faults-world.ts'

type Disk = { folder: string; open?: (path: string) => Promise<SpoolFile>; remove: () => void }

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const reported = (failure: Error) => {
  throw failure
}
const bounds = { bytes_max: 2 ** 30, segment_bytes_max: 20_000, waiting_bytes_max: 2 ** 20, report: reported }
const folder = (): string => {
  const { folder, remove } = folderOf('disk')
  undo.push(remove)
  return folder
}
const deliveries = (count: number): Delivery[] =>
  Array.from({ length: count }, () => deliveryOf(row(1, new Date()), row(1, new Date())))
const idsOf = (some: Delivery[]) => some.flatMap(({ events }) => events.map(({ id }) => id))

/** The ids of all that waits in a spool, in its order. */
const idsInSpool = async (spool: Awaited<ReturnType<typeof createSpool>>): Promise<string[]> => {
  const ids: string[] = []
  for (let segment = await spool.oldest(); segment; segment = await spool.oldest()) {
    ids.push(...idsOf(await spool.read(segment)))
    await spool.drop(segment)
  }
  return ids
}

describe('a spool', () => {
  test('gives what it was given, in order, file after file', async () => {
    const spool = await createSpool({ folder: folder(), ...bounds })
    const given = deliveries(60)
    for (const delivery of given) await spool.append(delivery)
    expect(spool.depth().deliveries).toBe(60)
    expect(await idsInSpool(spool)).toEqual(idsOf(given))
    expect(spool.depth()).toEqual({ deliveries: 0, bytes: 0, refuses: false })
  })

  test('asks the disk once for all deliveries that arrive while it is busy', async () => {
    let syncs = 0
    const counting = async (path: string): Promise<SpoolFile> => {
      const file = await open(path, 'a')
      const datasync = () => {
        syncs += 1
        return file.datasync()
      }
      return {
        appendFile: (bytes) => file.appendFile(bytes),
        datasync,
        truncate: (n) => file.truncate(n),
        close: () => file.close(),
      }
    }
    const spool = await createSpool({ folder: folder(), ...bounds, open: counting })
    const given = deliveries(50)
    await Promise.all(given.map(spool.append))
    expect(syncs).toBeLessThan(5)
    expect(await idsInSpool(spool)).toEqual(idsOf(given))
  })

  const next = recordOf(deliveryOf(row(1, new Date())))
  const wrong = Buffer.from(next)
  wrong[wrong.length - 3] = 0
  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['half a head', next.subarray(0, 5)],
    ['a head and nothing more', next.subarray(0, 8)],
    ['half a record', next.subarray(0, next.length / 2)],
    ['a record but for its last byte', next.subarray(0, -1)],
    ['a record with a wrong byte', wrong],
    ['a hole of zeros', Buffer.alloc(4096)],
    ['a length that no file has', Buffer.alloc(40, 0xff)],
  ])('that ends in %s keeps all whole records, and goes on', async (_, end) => {
    const dir = folder()
    const before = await createSpool({ folder: dir, ...bounds })
    const given = deliveries(5)
    for (const delivery of given) await before.append(delivery)
    await before.close()
    const [name = ''] = readdirSync(dir).filter((file) => file.endsWith('.spool'))
    appendFileSync(join(dir, name), end)

    const after = await createSpool({ folder: dir, ...bounds })
    expect(after.bytes_cut).toBe(end.length)
    const [more = deliveryOf()] = deliveries(1)
    await after.append(more)
    expect(await idsInSpool(after)).toEqual(idsOf([...given, more]))
  })

  test('takes up again what an older collector had set aside beside it', async () => {
    const dir = folder()
    const [delivery = deliveryOf()] = deliveries(1)
    mkdirSync(join(dir, 'dead'))
    writeFileSync(join(dir, 'dead', '0000000007-2048.spool'), recordOf(delivery))
    const spool = await createSpool({ folder: dir, ...bounds })
    expect(await idsInSpool(spool)).toEqual(idsOf([delivery]))
  })
})

const bytesIn = async (folder: string): Promise<number> => {
  const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))))
  return files.reduce((sum, { size }) => sum + size, 0)
}

/** A disk that takes so many bytes, and of a write that is longer a part, as a real one does. */
const quotaDisk = (bytes_max: number): Disk => {
  const { folder, remove } = folderOf('quota')
  const opened = async (path: string): Promise<SpoolFile> => {
    const file = await open(path, 'a')
    return {
      appendFile: async (bytes) => {
        const room_bytes = bytes_max - (await bytesIn(folder))
        const taken = bytes.subarray(0, Math.max(room_bytes, 0))
        await file.appendFile(taken)
        if (taken.length < bytes.length) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      },
      datasync: () => file.datasync(),
      truncate: (bytes) => file.truncate(bytes),
      close: () => file.close(),
    }
  }
  return { folder, open: opened, remove }
}

/** A real file system without room for more, where this user may mount one. */
const smallDisk = (bytes_max: number): Disk | undefined => {
  const { folder, remove } = folderOf('tmpfs')
  const shell = (script: string) => spawnSync('sh', ['-c', script]).status === 0
  if (!shell(`mount -t tmpfs -o size=${bytes_max} tmpfs ${folder}`)) {
    remove()
    return undefined
  }
  const unmount = () => {
    shell(`umount ${folder}`)
    remove()
  }
  return { folder, remove: unmount }
}

const disk_bytes = 128 * 1024
const realDisk = smallDisk(disk_bytes)
const disks: [string, Disk][] = [['a disk with a quota', quotaDisk(disk_bytes)]]
if (realDisk) disks.push(['a real disk', realDisk])

describe('when Postgres is away', () => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  beforeAll(async () => {
    base = await migratedDatabase()
  })
  afterAll(async () => {
    for (const [, { remove }] of disks) remove()
    await base.drop()
  })

  test.each(disks)(
    'and %s is full, a delivery is refused whole; what was taken is stored',
    async (_, { folder, open }) => {
      await tell(base.url, 'truncate events')
      const database = openPostgres({
        url: base.url,
        connections_max: 4,
        statement_ms_max: 5_000,
        onBreak: reported,
      })
      undo.push(() => database.destroy())
      let reachable = false
      const store = async (delivery: Delivery) => {
        if (!reachable) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
        return storeEvents(database, delivery)
      }
      const spool = await createSpool({ folder, ...bounds, ...(open && { open }) })
      const { deliver, back } = createSpooledDelivery({ store, spool, patience_ms: 1_000 })
      const drainer = createDrainer({
        spool,
        store: async (waiting) =>
          (await Promise.allSettled(waiting.map(store))).map((one) => (one.status === 'rejected' ? one.reason : null)),
        events_per_store_max: 50,
        rest_ms: 20,
        report: () => {},
        onStored: back,
      })
      undo.push(() => drainer.stop())

      const taken: Delivery[] = []
      const refused: Delivery[] = []
      for (let group = 0; group < 40; group++) {
        const sent = deliveries(7).map(({ events }) =>
          deliveryOf(...events.map((event) => ({ ...event, site: base.site.id }))),
        )
        const outcomes = await Promise.allSettled(sent.map(deliver))
        for (const [index, outcome] of outcomes.entries()) {
          const delivery = sent[index] ?? deliveryOf()
          if (outcome.status === 'fulfilled') taken.push(delivery)
          else {
            expect(isUnavailable(outcome.reason), String(outcome.reason)).toBe(true)
            refused.push(delivery)
          }
        }
      }
      expect(taken.length).toBeGreaterThan(50)
      expect(refused.length).toBeGreaterThan(50)
      expect(spool.depth()).toMatchObject({ deliveries: taken.length, refuses: true })
      const files = readdirSync(folder).filter((name) => name.endsWith('.spool'))
      const onDisk = files.map((name) => readFileSync(join(folder, name), 'utf8')).join()
      expect(idsOf(refused).filter((id) => onDisk.includes(id))).toEqual([])

      reachable = true
      await vi.waitFor(() => expect(spool.depth()).toMatchObject({ deliveries: 0, refuses: false }), {
        timeout: 10_000,
      })
      for (const delivery of refused) await deliver(delivery)
      await expectStored(base.url, idsOf([...taken, ...refused]))
    },
  )
})
