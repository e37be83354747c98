import { mkdtemp, readdir, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { type KeyOf, type PseudonymKey, pseudonymOf } from '../src/ingest/pseudonym.ts'
import { createFileVault } from '../src/keys/file-vault.ts'
import { createSiteDayKeys } from '../src/keys/site-day-keys.ts'
import { webKeyOf } from '../src/keys/web-key.ts'
import type { Database } from '../src/store/database.ts'
import { dayShares, destroyDeadShares } from '../src/store/day-shares.ts'
import { createPlacement, home, type Placement } from '../src/store/placement.ts'
import { openPostgresDoor } from '../src/store/postgres.ts'

describe('the key of a site-day', () => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  let database: Database
  let placement: Placement
  beforeAll(async () => {
    base = await migratedDatabase('Africa/Douala') // UTC+1, no daylight saving
    const onBreak = () => {}
    const door = openPostgresDoor({ url: base.url, connections_max: 4, statement_ms_max: 5_000, onBreak })
    database = door.database
    placement = createPlacement(new Map([[home, door]]))
  })
  afterAll(async () => {
    await database.destroy()
    await base.drop()
  })

  const folder = () => mkdtemp(join(tmpdir(), 'balise-shares-'))
  /** A process of its own: nothing remembered, the same two stores. */
  const processAt = (now: () => Date, place: string) => {
    const vault = createFileVault(place, now)
    const { siteDay } = createSiteDayKeys({ shares: dayShares(placement), vault, keyOf: webKeyOf, now })
    return async (day: string) => {
      const key = await siteDay(base.site, day)
      return key && pseudonymOf(key, ['a', 'b'])
    }
  }
  const forget = () => database.deleteFrom('site_day_shares').execute()

  test('is the same for every process, even when they all begin the day at once', async () => {
    const place = await folder()
    const now = () => new Date('2026-03-10T12:00:00Z')
    const names = await Promise.all(Array.from({ length: 8 }, () => processAt(now, place)('2026-03-10')))
    expect(new Set(names).size).toBe(1)
    expect(names[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(await processAt(now, place)('2026-03-10')).toBe(names[0])
    await forget()
  })

  test('is drawn anew each day, and is of no day but today where none was drawn', async () => {
    const place = await folder()
    let now = new Date('2026-03-10T12:00:00Z')
    const keyOf = processAt(() => now, place)
    const first = await keyOf('2026-03-10')
    expect(await keyOf('2026-03-09')).toBeNull()
    expect(await keyOf('2026-03-11')).toBeNull()
    now = new Date('2026-03-10T23:30:00Z') // half past midnight in Douala
    const second = await keyOf('2026-03-11')
    expect(second).not.toBeNull()
    expect(second).not.toBe(first)
    expect(await keyOf('2026-03-10')).toBe(first)
    await forget()
  })

  test('that is of a day long over is asked for once: a site that was silent yesterday costs no question an event', async () => {
    const now = () => new Date('2026-03-10T12:00:00Z')
    const asked: string[] = []
    const shares = dayShares(placement)
    const find = (site: number, day: string) => {
      asked.push(day)
      return shares.find(site, day)
    }
    const vault = createFileVault(await folder(), now)
    const { siteDay } = createSiteDayKeys({ shares: { ...shares, find }, vault, keyOf: webKeyOf, now })
    for (const day of ['2026-03-09', '2026-03-09', '2026-03-11', '2026-03-11'])
      expect(await siteDay(base.site, day)).toBeNull()
    // Tomorrow has no key yet, but will have one.
    expect(asked).toEqual(['2026-03-09', '2026-03-11', '2026-03-11'])
  })

  test('dies 48 hours after its midnight, in the process and in both stores', async () => {
    const place = await folder()
    let now = new Date('2026-03-10T12:00:00Z')
    const keyOf = processAt(() => now, place)
    await keyOf('2026-03-10')
    now = new Date('2026-03-11T22:59:59Z')
    expect(await keyOf('2026-03-10')).not.toBeNull()
    now = new Date('2026-03-11T23:00:00Z') // midnight in Douala, two days after
    expect(await keyOf('2026-03-10')).toBeNull()
    expect(await processAt(() => now, place)('2026-03-10')).toBeNull()

    await destroyDeadShares(database, now)
    await createFileVault(place, () => now).sweep()
    expect(await database.selectFrom('site_day_shares').selectAll().execute()).toEqual([])
    expect(await readdir(place)).toEqual([])
  })

  test('is in no memory once it is dead, though nobody asks for it again', async () => {
    setFlagsFromString('--expose_gc')
    const collectGarbage: () => void = runInNewContext('gc')
    let now = new Date('2026-03-10T12:00:00Z')
    const made: WeakRef<PseudonymKey>[] = []
    const keyOf: KeyOf = async (secret) => {
      const key = await webKeyOf(secret)
      made.push(new WeakRef(key))
      return key
    }
    const world = {
      shares: dayShares(placement),
      vault: createFileVault(await folder(), () => now),
      keyOf,
      now: () => now,
    }
    const { siteDay, forgetDead } = createSiteDayKeys(world)
    await siteDay(base.site, '2026-03-10')
    await setTimeout(1)
    collectGarbage()
    expect(made.filter((key) => key.deref())).toHaveLength(1)
    now = new Date('2026-03-11T23:00:00Z')
    forgetDead()
    await setTimeout(1)
    collectGarbage()
    expect(made.filter((key) => key.deref())).toHaveLength(0)
    await forget()
  })

  test('cannot be had from the database alone: a restored backup restores no key', async () => {
    const place = await folder()
    const now = () => new Date('2026-03-10T12:00:00Z')
    await processAt(now, place)('2026-03-10')
    for (const share of await readdir(place)) await unlink(join(place, share))
    await expect(processAt(now, place)('2026-03-10')).rejects.toThrow('other half')
    await forget()
  })
})
