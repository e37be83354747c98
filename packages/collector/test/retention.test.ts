import { sql } from 'kysely'
import { expect } from 'vitest'
import { type RetentionSettings, retainAs } from '../../cli/src/retention.ts'
import type { EventRow } from '../src/ingest/row.ts'
import { type AskedSite, ask } from '../src/query/ask.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import type { Database } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { storeEvents } from '../src/store/events.ts'
import { preparePartitions } from '../src/store/partitions.ts'
import { askRefold } from '../src/store/refold.ts'
import { hasOnlySums, retainAll, setRetention } from '../src/store/retention.ts'
import { findSite } from '../src/store/sites.ts'
import { uuidv7 } from './batches.ts'
import { row } from './deliveries.ts'
import { foldToTheEnd, refold, setClock } from './folding.ts'
import { type Asked, questionTo, test, type World } from './query-world.ts'

/** Raw events of a site that keeps two months begin on the first of September. */
const now = new Date('2026-11-20T12:00:00Z')
const person = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

const by = (visitor: number, at: string, path = '/'): EventRow => {
  const plain = row(0, new Date(at), { visitor: person(visitor), known: true })
  return { ...plain, id: uuidv7(new Date(at)), page: { ...plain.page, path } }
}

/** Of a site in Douala, where days begin at 23:00 UTC. */
const past = (): EventRow[] => [
  by(1, '2026-06-10T10:00Z'),
  by(1, '2026-08-20T10:00Z', '/a'),
  by(1, '2026-09-05T10:00Z'), // was here before and after
  by(2, '2026-07-01T10:00Z'), // will only come back when all is forgotten
  by(3, '2026-08-31T22:40Z'), // a visit over the border
  by(3, '2026-08-31T22:55Z', '/a'),
  by(3, '2026-08-31T23:10Z', '/b'),
  by(4, '2026-08-31T23:20Z'), // begins after it, in an older partition
  by(5, '2026-08-31T20:00Z'), // ends before it
  by(6, '2026-10-02T10:00Z', '/a'),
  ...Array.from({ length: 30 }, (_, n) => by(10 + n, `2026-07-${String(1 + n).padStart(2, '0')}T12:00Z`)),
]

const settled = async ({ settle, store, database }: World) => {
  for (const month of [6, 7, 8]) await preparePartitions(database, new Date(`2026-0${month}-01T00:00:00Z`))
  const site = await settle('Africa/Douala', [])
  await store(site, past())
  await foldToTheEnd(database)
  return site
}

/** Lets a site keep two months, in small steps; other sites of the file keep what they have. */
const retain = async (database: Database, site: AskedSite, keeps_sums = true) => {
  await setRetention(database, { site: site.id, months: 2, keeps_sums })
  await retainAll(database, now, { rows_max: 7, steps_max: 100 })
}

const answer = async (database: Database, site: AskedSite, asked: Asked) => {
  const answered = await ask(database, site, questionTo(site, asked), now)
  return 'errors' in answered ? answered : answered.results
}

const sums: Asked[] = [
  { date_range: ['2026-06-01', '2026-11-20'], metrics: ['visits', 'events', 'bounce_rate', 'visit_duration'] },
  { date_range: ['2026-06-01', '2026-11-20'], metrics: ['visitors', 'visits'], dimensions: ['time:day'] },
  { date_range: ['2026-06-01', '2026-11-20'], metrics: ['visitors', 'events'], dimensions: ['time:month'] },
  { date_range: ['2026-06-01', '2026-08-31'], metrics: ['visitors', 'page_views'], dimensions: ['event:path'] },
  { date_range: ['2026-09-01', '2026-11-20'], metrics: ['visitors', 'visits', 'visit_duration'] },
  { date_range: ['2026-09-02', '2026-11-20'], metrics: ['visitors', 'visits'], dimensions: ['visit:entry_page'] },
  { date_range: 'all', metrics: ['events'] },
]
const raw: Asked[] = [
  {
    date_range: ['2026-09-01', '2026-11-20'],
    metrics: ['visitors', 'visits', 'visit_duration'],
    filters: ['is_not', 'event:path', ['/b']],
  },
  { date_range: ['2026-09-01', '2026-11-20'], metrics: ['events'], dimensions: ['event:path', 'visit:entry_page'] },
]
const gone: Asked[] = [
  { date_range: ['2026-08-31', '2026-11-20'], metrics: ['visitors'] },
  { date_range: ['2026-08-31', '2026-11-20'], metrics: ['visitors'], dimensions: ['event:path'] },
  { date_range: ['2026-08-31', '2026-08-31'], metrics: ['events'], filters: ['is_not', 'event:path', ['/b']] },
  { date_range: 'all', metrics: ['visitors'] },
]

test('sums outlive raw events, and every answer is what it was or is refused by name', { timeout: 120_000 }, async ({
  world,
}) => {
  const { database } = world
  const [site, twin] = [await settled(world), await settled(world)]
  await retain(database, site)
  const kept = await database.selectFrom('events').select('visitor').where('site', '=', site.id).orderBy('at').execute()
  expect(kept.map(({ visitor }) => Number(visitor.slice(-2)))).toEqual([3, 3, 3, 4, 1, 6])

  const equal = async () => {
    for (const asked of [...sums, ...raw]) {
      expect({ asked, results: await answer(database, site, asked) }).toEqual({
        asked,
        results: await answer(database, twin, asked),
      })
    }
    expect(await checkRollups(database, site.id)).toBeUndefined()
  }
  await equal()
  for (const asked of gone)
    expect(await answer(database, site, asked)).toMatchObject({
      code: 'beyond_retention',
      errors: [{ field: 'date_range', message: expect.stringContaining('2026-09-01') }],
    })

  for (const one of [site, twin])
    await world.store(one, [by(1, '2026-11-01T10:00Z'), by(2, '2026-11-02T10:00Z'), by(6, '2026-11-02T10:00Z')])
  await equal()
  await foldToTheEnd(database)
  await equal()
  await askRefold(database, site.id)
  for (const asked of raw) expect(await answer(database, site, asked)).toEqual(await answer(database, twin, asked))
  expect(await answer(database, site, { date_range: ['2026-06-01', '2026-08-31'], metrics: ['events'] })).toMatchObject(
    { code: 'beyond_retention' },
  )
  while ((await sql`select from refolds`.execute(database)).rows.length > 0) await refold(database, 3)
  await equal()
})

test('who is forgotten leaves all that is kept, and what they added before stays as sums', async ({ world }) => {
  const { database } = world
  const site = await settled(world)
  await retain(database, site)
  for (const n of [1, 3, 5]) {
    const receipt = await erase(database, { site, subject: 'visitor', subjects: [person(n)], asked_by: null })
    expect(receipt.erased.events).toBe({ 1: 1, 3: 3, 5: 0 }[n])
  }
  const { rows } = await sql`select from border_visits where site = ${site.id}`.execute(database)
  expect(rows).toEqual([])
  expect(await checkRollups(database, site.id)).toBeUndefined()
  const [total] = (await answer(database, site, {
    date_range: ['2026-09-01', '2026-11-20'],
    metrics: ['visitors', 'visits', 'events'],
  })) as { metrics: number[] }[]
  expect(total?.metrics).toEqual([2, 2, 2])
  const [before] = (await answer(database, site, {
    date_range: ['2026-06-01', '2026-08-31'],
    metrics: ['visits', 'events'],
  })) as { metrics: number[] }[]
  expect(before?.metrics).toEqual([34, 34])
})

test('an event older than that is refused by name, also when it waited in a queue', async ({ world }) => {
  const { database } = world
  const site = await settled(world)
  await retain(database, site)
  expect(await findSite(database, site.key)).toMatchObject({ raw_from: '2026-09-01' })
  await storeEvents(database, {
    events: [by(7, '2026-08-31T22:59Z'), by(7, '2026-08-31T23:01Z')].map((one) => ({ ...one, site: site.id })),
    refused: [],
  })
  const { rows } = await sql`select reason, count::integer from refusals where site = ${site.id}`.execute(database)
  expect(rows).toEqual([{ reason: 'too_old', count: 1 }])
  expect(await checkRollups(database, site.id)).toBeUndefined()
})

test('sums go too where the site wants them gone, and only then its clock may be set', async ({ world }) => {
  const { database } = world
  const site = await settled(world)
  await retain(database, site)
  expect(await hasOnlySums(database, site.id)).toBe(true)
  await expect(setClock(database, site, 'Europe/Paris')).rejects.toThrow(/balise site retention .* --sums drop/)

  await retain(database, site, false)
  expect(await hasOnlySums(database, site.id)).toBe(false)
  const { rows } = await sql`select from rollups where site = ${site.id} and day < '2026-09-01'`.execute(database)
  expect(rows).toEqual([])
  const early: Asked = { date_range: ['2026-08-01', '2026-08-31'], metrics: ['events'] }
  expect(await answer(database, site, early)).toMatchObject({ code: 'beyond_retention' })

  const paris = await setClock(database, site, 'Europe/Paris')
  expect(
    await answer(database, paris, { date_range: ['2026-09-01', '2026-09-01'], metrics: ['events'] }),
  ).toMatchObject({ code: 'beyond_retention' })
  expect(await answer(database, paris, { date_range: ['2026-09-02', '2026-11-20'], metrics: ['events'] })).toEqual([
    { dimensions: [], metrics: [2] },
  ])
})

test('the operator says how long, and leaves as it was what they do not name', async ({ world }) => {
  const { key } = await world.settle('UTC', [])
  const say = (said: Omit<RetentionSettings, 'key'>) => retainAs({ home: world.url }, { key, ...said })
  expect(await say({ months: 13 })).toBe(`site ${key}: raw events are kept for 13 months, sums for ever`)
  expect(await say({ sums: 'drop' })).toBe(`site ${key}: raw events are kept for 13 months, sums as long`)
  expect(await say({ months: null })).toBe(`site ${key}: raw events are kept for ever, sums as long`)
  await expect(retainAs({ home: world.url }, { key: 'nobody' })).rejects.toThrow('balise site add nobody')
})

test('nothing goes before it is in the rollups', async ({ world }) => {
  const { database } = world
  const site = await world.settle('UTC', past())
  await retain(database, site)
  expect(await findSite(database, site.key)).not.toHaveProperty('raw_from')
  await foldToTheEnd(database)
  await retain(database, site)
  expect(await findSite(database, site.key)).toMatchObject({ raw_from: '2026-09-01' })
  expect(await checkRollups(database, site.id)).toBeUndefined()
})
