import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import type { Site } from '../src/ingest/hit.ts'
import { createQuota } from '../src/limits/quota.ts'
import type { Database } from '../src/store/database.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { drawQuota } from '../src/store/quota-draws.ts'
import { findSite, saveSite } from '../src/store/sites.ts'

describe("a site's quota of a day", () => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  let database: Database
  let sites = 0
  let now = new Date()

  beforeAll(async () => {
    base = await migratedDatabase()
    database = openPostgres({ url: base.url, connections_max: 4, statement_ms_max: 10_000, onBreak: () => {} })
  })
  afterAll(async () => {
    await database.destroy()
    await base.drop()
  })

  const settle = (events_per_day_max: number | null, time_zone = 'UTC'): Promise<Site> => {
    sites += 1
    const site = { key: `site-${sites}`, time_zone, hosts: [], bots: 'refuse', events_per_day_max } as const
    return saveSite(database, { ...site, hosts: [] })
  }
  const openProcess = () =>
    createQuota({ draw: (site, day, wanted) => drawQuota(database, { site, day, wanted }), now: () => now })
  const startAt = (text: string) => {
    now = new Date(text)
  }
  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000)
  }

  test('is kept with the site, and taken off it again', async () => {
    const site = await settle(9_007_199_254_740_991)
    expect(await findSite(database, site.key)).toEqual(site)
    const { id, ...settings } = site
    expect(await saveSite(database, { ...settings, events_per_day_max: null })).toEqual({
      ...site,
      events_per_day_max: null,
    })
  })

  test('is let in to the last event, and no further', async () => {
    startAt('2026-03-10T12:00:00Z')
    const site = await settle(250)
    const quota = openProcess()
    for (const events of [100, 100, 50]) expect(await quota.take(site, events)).toEqual({ ok: true })
    expect(await quota.take(site, 1)).toEqual({ retry_after_seconds: 3_600 })
  })

  test('turns away a batch that does not fit, and takes a smaller one', async () => {
    startAt('2026-03-10T12:00:00Z')
    const site = await settle(10)
    const quota = openProcess()
    expect(await quota.take(site, 7)).toEqual({ ok: true })
    expect(await quota.take(site, 4)).toMatchObject({ retry_after_seconds: 3_600 })
    expect(await quota.take(site, 3)).toEqual({ ok: true })
  })

  test('of nothing lets nothing in, and none lets everything in', async () => {
    expect(await openProcess().take(await settle(0), 1)).toMatchObject({ retry_after_seconds: expect.any(Number) })
    expect(await openProcess().take(await settle(null), 1e9)).toEqual({ ok: true })
  })

  test("begins anew at the site's own midnight, and says when that is", async () => {
    startAt('2026-03-10T22:59:30Z') // in Douala 23:59:30
    const site = await settle(1, 'Africa/Douala')
    const quota = openProcess()
    expect(await quota.take(site, 1)).toEqual({ ok: true })
    expect(await quota.take(site, 1)).toEqual({ retry_after_seconds: 30 })
    later(30)
    expect(await quota.take(site, 1)).toEqual({ ok: true })
  })

  test('that is raised is found out within half a minute', async () => {
    startAt('2026-03-10T12:00:00Z')
    const site = await settle(1)
    const quota = openProcess()
    await quota.take(site, 1)
    expect(await quota.take(site, 1)).toMatchObject({ retry_after_seconds: 3_600 })
    const { id, ...settings } = site
    const raised = await saveSite(database, { ...settings, events_per_day_max: 2 })
    later(31)
    expect(await quota.take(raised, 1)).toEqual({ ok: true })
  })

  test('gets back what was not kept', async () => {
    startAt('2026-03-10T12:00:00Z')
    const site = await settle(5)
    const quota = openProcess()
    await quota.take(site, 5)
    quota.giveBack(site, 2)
    expect(await quota.take(site, 2)).toEqual({ ok: true })
    expect(await quota.take(site, 1)).toMatchObject({ retry_after_seconds: 3_600 })
  })

  test('is never passed by processes that take at once, and is reached but for one block each', async () => {
    startAt('2026-03-10T12:00:00Z')
    const batches = fc.array(fc.record({ process: fc.nat(2), events: fc.integer({ min: 1, max: 100 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5_000 }), batches, async (events_per_day_max, taken) => {
        const site = await settle(events_per_day_max)
        const processes = [openProcess(), openProcess(), openProcess()]
        const answers = await Promise.all(
          taken.map(async ({ process, events }) => {
            const allowed = await processes[process]?.take(site, events)
            return allowed && 'ok' in allowed ? { events, let_in: events } : { events, let_in: 0 }
          }),
        )
        const let_in = answers.reduce((sum, answer) => sum + answer.let_in, 0)
        const sent = answers.reduce((sum, answer) => sum + answer.events, 0)
        expect(let_in).toBeLessThanOrEqual(events_per_day_max)
        const early = processes.length * (100 + events_per_day_max / 1_000)
        if (sent <= events_per_day_max - early) expect(let_in).toBe(sent)
      }),
      { numRuns: 40 },
    )
  })
})
