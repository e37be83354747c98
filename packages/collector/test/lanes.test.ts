import { afterAll, beforeAll, expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { createRefusalCounts } from '../src/limits/refusal-counts.ts'
import { openLanes } from '../src/spool/open-lanes.ts'
import type { Door } from '../src/store/database.ts'
import { createPlacement } from '../src/store/placement.ts'
import { openPostgresDoor } from '../src/store/postgres.ts'
import { deliveryOf, row } from './deliveries.ts'
import { tell } from './faults-world.ts'

let base: Awaited<ReturnType<typeof migratedDatabase>>
let door: Door

beforeAll(async () => {
  base = await migratedDatabase()
  door = openPostgresDoor({ url: base.url, connections_max: 2, statement_ms_max: 10_000, onBreak: () => {} })
})
afterAll(async () => {
  await door.close()
  await base.drop()
})

/** The lanes of a collector on this machine, without a spool, and what they report. */
const opened = async () => {
  const reported: string[] = []
  const lanes = await openLanes({
    placement: createPlacement(new Map([['home', door]])),
    databases: ['home'],
    folder: undefined,
    bytes_max: 1_000_000,
    events_waiting_max: 1_000,
    report: ({ message }) => void reported.push(message),
  })
  if ('refusal' in lanes) throw new Error(lanes.refusal)
  return { ...lanes, reported }
}

test('what comes of a site that is removed meanwhile is let go, and keeps back no count of another', async () => {
  const gone = await saveSiteAs(base.url, { key: 'gone' })
  const { deliver, reported, stop } = await opened()
  let now = new Date()
  const { count, deliverNow } = createRefusalCounts({ deliver, now: () => now })
  const flood = async () => {
    for (const site of [gone, base.site]) await count(site, 'too_many_requests', 5)
  }
  await flood()
  await flood()
  await tell(base.url, `delete from sites where id = ${gone.id}`)
  for (let batch = 0; batch < 2; batch++) expect(await deliver(deliveryOf(row(gone.id, now)))).toEqual([])
  expect(reported).toEqual(Array(2).fill(`events let go: 1, for there is no site ${gone.id}`))
  now = new Date(now.getTime() + 11_000)
  await flood()
  await deliverNow()
  expect(await tell(base.url, 'select site, reason, count::integer from refusals')).toEqual([
    { site: base.site.id, reason: 'too_many_requests', count: 15 },
  ])
  await stop()
})
