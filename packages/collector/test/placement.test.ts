import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { twoDatabases } from '../../../test/setup/two-databases.ts'
import { moveSite } from '../../cli/src/move.ts'
import type { Door } from '../src/store/database.ts'
import { isAboutOneSite } from '../src/store/elsewhere.ts'
import { holdSite, letGo, releaseSite } from '../src/store/moves.ts'
import { storePlaced } from '../src/store/placed-events.ts'
import { createPlacement } from '../src/store/placement.ts'
import { openPostgresDoor } from '../src/store/postgres.ts'
import { isUnavailable } from '../src/store/unavailable.ts'
import { deliveryOf, row } from './deliveries.ts'
import { tell } from './faults-world.ts'

describe('a collector that remembers where a site lived', { timeout: 120_000 }, () => {
  let base: Awaited<ReturnType<typeof twoDatabases>>
  let doors: Map<string, Door>
  let site: number

  beforeAll(async () => {
    base = await twoDatabases()
    site = base.site.id
    const openAt = (url: string) =>
      openPostgresDoor({ url, connections_max: 2, statement_ms_max: 10_000, onBreak: () => {} })
    doors = new Map(Object.entries(base.databases).map(([name, url]) => [name, openAt(url)]))
  })
  afterAll(async () => {
    for (const door of doors.values()) await door.close()
    await base.drop()
  })

  const countOn = async (name: 'home' | 'eu2') =>
    (await tell<{ count: number }>(base.databases[name], 'select count(*)::int as count from events'))[0]?.count
  const doorOf = (name: string): Door => createPlacement(doors).doorNamed(name)
  const store = (placement: ReturnType<typeof createPlacement>) =>
    storePlaced(placement, deliveryOf(row(site, new Date())))

  test('is refused there, looks again and stores and asks where it lives now', async () => {
    const stale = createPlacement(doors)
    await store(stale)
    await moveSite(base.databases, { key: 'demo', to: 'eu2', tell: () => {} })
    await store(stale)
    expect([await countOn('home'), await countOn('eu2')]).toEqual([0, 2])

    const asked = createPlacement(doors)
    expect(await asked.nameOf(site)).toBe('eu2')
    await moveSite(base.databases, { key: 'demo', to: 'home', tell: () => {} })
    const events = await asked.at(site, ({ asSite }) => asSite(site).selectFrom('events').select('site').execute())
    expect(events.length).toBe(2)
    expect([await countOn('home'), await countOn('eu2')]).toEqual([2, 0])
  })

  test('counts nothing again that was counted where the site lived before', async () => {
    const placement = createPlacement(doors)
    const counted = { site, day: '2026-10-01', reason: 'bot', count: 3, delivery: crypto.randomUUID() }
    const refuse = () => storePlaced(placement, { events: [], refused: [counted] })
    await refuse()
    for (const to of ['eu2', 'home']) {
      await moveSite(base.databases, { key: 'demo', to, tell: () => {} })
      await refuse()
    }
    expect(await tell(base.databases.home, 'select count::integer from refusals')).toEqual([{ count: 3 }])
  })

  test('is refused for a moment while the site is held, and may come again', async () => {
    const { database } = doorOf('home')
    expect(await holdSite(database, site)).toBe(true)
    const failure = await store(createPlacement(doors)).catch((error: unknown) => error)
    expect([isAboutOneSite(failure), isUnavailable(failure)]).toEqual([true, true])
    await releaseSite(database, site)
    expect(await store(createPlacement(doors))).toEqual([])
  })

  test('ends a move whose mover died after the old place let go', async () => {
    const { database } = doorOf('home')
    await tell(
      base.databases.eu2,
      `insert into sites (id, key, lives_on, arrives) overriding system value
      values (${site}, 'demo', 'home', true)`,
    )
    expect(await letGo(database, site, 'eu2')).toBe(false) // nobody holds it
    await holdSite(database, site)
    expect(await letGo(database, site, 'eu2')).toBe(true)
    await store(createPlacement(doors))
    expect(await countOn('eu2')).toBe(1)
  })

  test('sets aside what is for a site that nobody made', async () => {
    const failure = await storePlaced(createPlacement(doors), deliveryOf(row(999, new Date()))).catch((error) => error)
    expect(failure).toMatchObject({ code: '23503' })
  })
})
