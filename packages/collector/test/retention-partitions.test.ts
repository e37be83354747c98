import { sql } from 'kysely'
import { expect } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import { preparePartitions } from '../src/store/partitions.ts'
import { retainAll, setRetention } from '../src/store/retention.ts'
import { uuidv7 } from './batches.ts'
import { row } from './deliveries.ts'
import { foldToTheEnd } from './folding.ts'
import { test, type World } from './query-world.ts'

const now = new Date('2026-11-20T12:00:00Z')

/** Three thousand events, each of its own visitor, all through July and August. */
const summer = (): EventRow[] =>
  Array.from({ length: 3_000 }, (_, n) => {
    const at = new Date(Date.parse('2026-07-01T00:00:00Z') + n * 30 * 60_000 * 0.99)
    return { ...row(0, at), id: uuidv7(at), visitor: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` }
  })

const bytesOf = async ({ database }: World) => {
  const { rows } = await sql<{ bytes: number }>`
    select sum(pg_total_relation_size(relid))::float8 as bytes from pg_partition_tree('events')
  `.execute(database)
  return rows[0]?.bytes ?? 0
}
const months = async ({ database }: World) => {
  const { rows } = await sql<{ name: string }>`
    select relid::text as name from pg_partition_tree('events')
    where relid::text ~ '^events_2026_0[78]' order by name
  `.execute(database)
  return [...new Set(rows.map(({ name }) => name.slice(0, 'events_2026_07'.length)))]
}
/** Each of these visitors has one visit of one event. */
const kept = async ({ database }: World, site: number) => {
  const { rows } = await sql<{ events: number; visits: number }>`
    select (select count(*)::integer from events where site = ${site}) as events,
      (select count(*)::integer from visits where site = ${site}) as visits
  `.execute(database)
  return rows[0]
}

test('a month that no site wants goes with all its bytes; what one site wants stays for that site', async ({
  world,
}) => {
  const { database } = world
  for (const month of ['07', '08']) await preparePartitions(database, new Date(`2026-${month}-01T00:00:00Z`))
  const [short, long] = [await world.settle('UTC', summer()), await world.settle('Asia/Tokyo', summer())]
  await foldToTheEnd(database, 10_000)
  const before = await bytesOf(world)
  const run = () => retainAll(database, now, { rows_max: 1_000, steps_max: 100 })

  await setRetention(database, { site: short.id, months: 2, keeps_sums: true })
  await run()
  expect(await months(world)).toEqual(['events_2026_07', 'events_2026_08'])
  expect(await kept(world, short.id)).toEqual({ events: 0, visits: 0 })
  expect(await kept(world, long.id)).toEqual({ events: 3_000, visits: 3_000 })

  await setRetention(database, { site: long.id, months: 3, keeps_sums: true })
  await run()
  expect(await months(world)).toEqual(['events_2026_08'])
  // The first of August begins at 15:00 on the 31st of July in Tokyo.
  const { rows } = await sql<{ first: Date }>`select min(at) as first from events where site = ${long.id}`.execute(
    database,
  )
  expect(rows[0]?.first.toISOString().slice(0, 16)).toMatch(/^2026-07-31T15:[0-2]/)
  const august = await kept(world, long.id)
  expect(august?.visits).toBe(august?.events)

  await setRetention(database, { site: long.id, months: 2, keeps_sums: true })
  await run()
  expect(await months(world)).toEqual([])
  // What happened after 15:00 on the 31st of August is of September in Tokyo, and has moved out of its month.
  expect(await kept(world, long.id)).toEqual({ events: 12, visits: 12 })
  expect(await bytesOf(world)).toBeLessThan(before / 2)
  for (const site of [short, long]) expect(await checkRollups(database, site.id)).toBeUndefined()
})

test('a visit that reaches over the border stays whole when the month it began in goes', async ({ world }) => {
  const { database } = world
  const moments = ['2026-09-15T12:00:00Z', '2026-09-30T23:55:00Z', '2026-10-01T00:05:00Z'].map((at) => new Date(at))
  await preparePartitions(database, new Date('2026-09-01T00:00:00Z'))
  const site = await world.settle(
    'UTC',
    moments.map((at) => row(0, at, { id: uuidv7(at) })),
  )
  await foldToTheEnd(database)
  await setRetention(database, { site: site.id, months: 2, keeps_sums: true })
  await retainAll(database, new Date('2026-12-20T12:00:00Z'), { rows_max: 1_000, steps_max: 100 })

  const { rows } =
    await sql`select from pg_partition_tree('events') where relid::text like 'events\\_2026\\_09%'`.execute(database)
  expect(rows).toHaveLength(0)
  expect(await kept(world, site.id)).toEqual({ events: 2, visits: 1 })
  expect(await checkRollups(database, site.id)).toBeUndefined()
})
