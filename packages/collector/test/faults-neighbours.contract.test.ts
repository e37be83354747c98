import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { createTokenFor } from '../../cli/src/token.ts'
import { batchOf, expectStored, machine, mortalPostgres, send, startMortalNode, tell } from './faults-world.ts'

describe('beside a site that floods a collector on Node', { timeout: 120_000 }, () => {
  let postgres: Awaited<ReturnType<typeof mortalPostgres>>
  let home: ReturnType<typeof machine>
  let node: Awaited<ReturnType<typeof startMortalNode>>

  beforeAll(async () => {
    postgres = await mortalPostgres()
    await saveSiteAs(postgres.url, { key: 'flood' })
    home = machine(postgres.url)
    node = await startMortalNode(home.settings({ SPOOL_BYTES_MAX: '400000' }))
  })
  afterAll(async () => {
    await node.stop()
    await postgres.remove()
    home.remove()
  })

  /** What became of batches: how many were answered with each status, and the events of those that were taken. */
  const createCount = () => {
    const statuses: Record<string, number> = {}
    const taken: string[] = []
    const sendOne = async (site: string, events: ReturnType<typeof batchOf>): Promise<number | undefined> => {
      const response = await send(node.url, events, site)
      await response?.arrayBuffer()
      statuses[String(response?.status)] = (statuses[String(response?.status)] ?? 0) + 1
      if (response?.status === 202) taken.push(...events.map(({ id }) => id))
      return response?.status
    }
    return { statuses, taken, sendOne }
  }

  test('a neighbour finds room on the disk for each of its batches while the database is away', async () => {
    const flood = createCount()
    const neighbour = createCount()
    for (const { sendOne, site } of [
      { ...flood, site: 'flood' },
      { ...neighbour, site: 'demo' },
    ])
      expect(await sendOne(site, batchOf(1)), 'site and key are in memory now').toBe(202)

    await postgres.stop()
    let flooding = true
    const browser = async () => {
      while (flooding) if ((await flood.sendOne('flood', batchOf(20))) !== 202) await sleep(20)
    }
    const running = [1, 2, 3, 4].map(browser)
    while (!flood.statuses['503']) await sleep(20)
    for (let batch = 0; batch < 30; batch++) await neighbour.sendOne('demo', batchOf(2))
    flooding = false
    await Promise.all(running)
    expect(neighbour.statuses).toEqual({ '202': 31 })

    await postgres.startAgain()
    await expectStored(postgres.url, [...flood.taken, ...neighbour.taken])
  })
})

test('beside questions that hang, more than there are connections, an event is stored at once', async () => {
  const { url, drop } = await migratedDatabase()
  const countOf = async (what: string) =>
    (await tell<{ count: number }>(url, `select count(*)::integer as count from ${what}`))[0]?.count
  const token = await createTokenFor(url, { site: 'demo', scopes: ['query'], label: 'test' })
  const home = machine(url)
  const node = await startMortalNode(home.settings())
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  await other.query('begin')
  await other.query('lock table rollups')

  const ask = () =>
    fetch(`${node.url}/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ site: 'demo', date_range: '7d', metrics: ['visitors'], dimensions: ['event:path'] }),
    })
  const asked = Array.from({ length: 12 }, ask)
  const waiting = `pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await vi.waitFor(async () => expect(await countOf(waiting)).toBeGreaterThan(3), 5_000)

  expect((await send(node.url, batchOf(3)))?.status).toBe(202)
  // A question hangs for thirty seconds before it is given up.
  await vi.waitFor(async () => expect(await countOf('events')).toBe(3), 10_000)
  expect(await countOf(waiting)).toBeGreaterThan(3)
  await other.query('rollback')
  await other.end()
  const answered = (await Promise.all(asked)).map(({ status }) => status)
  expect(answered.filter((status) => status !== 200 && status !== 503)).toEqual([])
  expect(answered).toContain(200)

  await node.stop()
  home.remove()
  await drop()
})
