import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, vi } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import type { AskedSite } from '../src/query/ask.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import { nextChunk } from '../src/store/chunks.ts'
import type { Database } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { storeEvents } from '../src/store/events.ts'
import { beginRound, forgetCopy, noteCopy } from '../src/store/moves.ts'
import { preparePartitions } from '../src/store/partitions.ts'
import { retainAll, setRetention } from '../src/store/retention.ts'
import { sweepAll } from '../src/store/sweep.ts'
import { uuidv7 } from './batches.ts'
import { deliveryOf, row } from './deliveries.ts'
import { foldStep, foldToTheEnd, packUntil } from './folding.ts'
import { test, type World } from './query-world.ts'

const amina = '00000000-0000-4000-8000-00000000000a'
const other = '00000000-0000-4000-8000-00000000000b'
const dictionaries = ['pages', 'origins', 'actions', 'clients', 'places', 'deeds']

/** What somebody did whose every dictionary row says who they are. */
const traced = (name: string, at: Date, given: Partial<EventRow> = {}): EventRow => ({
  ...row(0, at, { known: true, kind: 'custom' }),
  visitor: amina,
  page: { host: `${name}.example`, path: `/u/${name}`, title: `Orders of ${name}` },
  origin: {
    source: name,
    referrer: `https://example.org/${name}`,
    medium: null,
    campaign: name,
    term: null,
    content: null,
    channel: 'Referral',
  },
  action: { name, method: null, endpoint: `/u/${name}`, channel: null, currency: null, status: null },
  client: { ...row(0, at).client, screen: name },
  place: { country: 'CM', region: null, city: name },
  ...given,
})

/** Sweeps until nothing is left, with the clock hours ahead; a few rows a step, and not one while somebody stores. */
const sweep = ({ database }: World, rows_max = 10): Promise<void> =>
  vi.waitFor(
    async () => {
      await sweepAll(database, hoursAhead(), { rows_max, steps_max: 1_000 })
      expect((await sql`select from sweeps join sites on id = site where is_swept`.execute(database)).rows).toEqual([])
    },
    { timeout: 25_000, interval: 20 },
  )
const hoursAhead = () => new Date(Date.now() + 2 * 3_600_000)

const forget = (database: Database, site: AskedSite, visitor = amina) =>
  erase(database, { site, subject: 'visitor', subjects: [visitor], asked_by: null })

/** All that the database holds, as text. */
const everything = async ({ database }: World): Promise<string> => {
  const { rows } = await sql<{ name: string }>`
    select oid::regclass::text as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  `.execute(database)
  const held: string[] = []
  for (const { name } of rows) {
    const table = await sql<{ text: string }>`select t::text as text from ${sql.table(name)} as t`.execute(database)
    held.push(...table.rows.map(({ text }) => text))
  }
  return held.join('\n')
}

const countsOf = async ({ database }: World, site: number) => {
  const counts: Record<string, number> = {}
  for (const table of dictionaries) {
    const { rows } = await sql<{ rows: number }>`
      select count(*)::integer as rows from ${sql.table(table)} where site = ${site}
    `.execute(database)
    counts[table] = rows[0]?.rows ?? 0
  }
  return counts
}

/** How many references of a site lead nowhere: of events, of visits and their lists, of deeds. */
const danglingOf = async ({ database }: World, site: number) => {
  const { rows } = await sql<{ dictionary: string; dangling: number }>`
    with event as (select * from events where site = ${site}),
    visit as (select * from visits where site = ${site}),
    referred (dictionary, id) as (
      select d.* from event cross join lateral (values
        ('pages', page), ('origins', origin), ('actions', action), ('clients', client), ('places', place)) as d (dictionary, id)
      union all
      select d.* from visit cross join lateral (values
        ('origins', origin), ('clients', client), ('places', place), ('deeds', entry)) as d (dictionary, id)
      union all select 'origins', unnest(origins) from visit
      union all select 'clients', unnest(clients) from visit
      union all select 'places', unnest(places) from visit
      union all select 'deeds', unnest(deeds) from visit
      union all select 'pages', page from deeds where site = ${site}
      union all select 'actions', nullif(action, 0) from deeds where site = ${site}
    ),
    known (dictionary, id) as (
      select 'pages', id from pages where site = ${site}
      union all select 'origins', id from origins where site = ${site}
      union all select 'actions', id from actions where site = ${site}
      union all select 'clients', id from clients where site = ${site}
      union all select 'places', id from places where site = ${site}
      union all select 'deeds', id from deeds where site = ${site}
    )
    select dictionary, count(*)::integer as dangling from referred
    where id is not null and (dictionary, id) not in (select dictionary, id from known)
    group by dictionary
  `.execute(database)
  return rows
}

test('who is forgotten leaves no word in any table, and nothing of anybody else goes', async ({ world }) => {
  const { database } = world
  const at = new Date()
  const shared = { page: { host: 'shop.example', path: '/shared', title: 'Shared' } }
  const site = await world.settle('UTC', [
    traced('amina', at),
    traced('amina', at, { ...shared, id: uuidv7(at, 1) }),
    traced('bello', at, { visitor: other, id: uuidv7(at, 2) }),
    traced('bello', at, { ...shared, visitor: other, id: uuidv7(at, 3) }),
  ])
  await foldToTheEnd(database)
  expect(await countsOf(world, site.id)).toEqual({ pages: 3, origins: 2, actions: 2, clients: 2, places: 2, deeds: 4 })
  await forget(database, site)
  expect(await everything(world)).toContain('Orders of amina')
  await sweep(world)

  const held = await everything(world)
  expect(held).not.toContain('amina')
  expect(held).toContain('Orders of bello')
  expect(await countsOf(world, site.id)).toEqual({ pages: 2, origins: 1, actions: 1, clients: 1, places: 1, deeds: 2 })
  expect(await danglingOf(world, site.id)).toEqual([])
  expect(await checkRollups(database, site.id)).toBeUndefined()

  const asked = { date_range: '7d' as const, metrics: ['events' as const], dimensions: ['event:path' as const] }
  const answered = await world.answer(site, asked, new Date())
  expect(new Set(answered.results.map(({ dimensions }) => dimensions[0]))).toEqual(new Set(['/shared', '/u/bello']))
  await noteCopy(database, { site: site.id, database: 'eu2', afresh: true })
  const progress = await beginRound(database, site.id, 'eu2')
  const { batch } = await nextChunk(database, { site: site.id, progress, events_max: 10 })
  expect(JSON.parse(batch)).toMatchObject({
    events: { id: { length: 2 } },
    pages: { length: 2 },
    origins: { length: 1 },
  })
  await forgetCopy(database, site.id, 'eu2')
})

test('who is forgotten leaves no word either when something of theirs comes later', async ({ world }) => {
  const { database } = world
  const site = await world.settle('UTC', [])
  await forget(database, site)
  await sweep(world)
  await world.store(site, [traced('fatima', new Date())])
  expect(await everything(world)).toContain('fatima')
  await sweep(world)
  expect(await everything(world)).not.toContain('fatima')
})

test('what is asked within an hour is swept together, and what is asked meanwhile once more', async ({ world }) => {
  const { database } = world
  const site = await world.settle('UTC', [traced('chidi', new Date())])
  await forget(database, site)
  await sweepAll(database, new Date(), { rows_max: 10, steps_max: 100 })
  expect((await countsOf(world, site.id))['pages']).toBe(1)

  await vi.waitFor(async () => {
    await sweepAll(database, hoursAhead(), { rows_max: 10, steps_max: 1 })
    expect(
      (await sql`select from sweeps where site = ${site.id} and stage = 'rows'`.execute(database)).rows,
    ).toHaveLength(1)
  })
  await world.store(site, [traced('danjuma', new Date())]) // refused, and all its rows are there
  await vi.waitFor(async () => {
    await sweepAll(database, new Date(), { rows_max: 10, steps_max: 100 })
    const { rows } = await sql`select stage from sweeps where site = ${site.id}`.execute(database)
    expect(rows).toEqual([{ stage: 'asked' }])
  })
  await sweep(world)
  expect((await countsOf(world, site.id))['pages']).toBe(0)
})

test('what only the months did that went by a retention goes as well', async ({ world }) => {
  const { database } = world
  const now = new Date('2026-11-20T12:00:00Z')
  for (const month of [7, 8]) await preparePartitions(database, new Date(`2026-0${month}-01T00:00:00Z`))
  const [july, october] = ['2026-07-10T12:00:00Z', '2026-10-10T12:00:00Z'].map((at) => new Date(at)) as [Date, Date]
  const site = await world.settle('UTC', [
    ...Array.from({ length: 30 }, (_, n) => traced(`july-${n}`, july, { id: uuidv7(july, n) })),
    traced('october', october),
  ])
  await foldToTheEnd(database)
  await setRetention(database, { site: site.id, months: 2, keeps_sums: false })
  await retainAll(database, now, { rows_max: 1_000, steps_max: 100 })
  expect(await everything(world)).toContain('july-7')
  await sweep(world, 50)
  const held = await everything(world)
  expect(held).not.toContain('july-')
  expect(held).toContain('Orders of october')
  expect(await countsOf(world, site.id)).toEqual({ pages: 1, origins: 1, actions: 1, clients: 1, places: 1, deeds: 1 })
  expect(await danglingOf(world, site.id)).toEqual([])
  expect(await checkRollups(database, site.id)).toBeUndefined()
})

const step = async ({ database }: World, rows_max = 3) => {
  const { rows } = await sql<{ left: number | null }>`
    select sweep_step(${hoursAhead()}, ${rows_max}) as left
  `.execute(database)
  return rows[0]?.left
}

const stageOf = async ({ database }: World, site: number) => {
  const { rows } = await sql<{ stage: string }>`select stage from sweeps where site = ${site}`.execute(database)
  return rows[0]?.stage
}

/** Takes steps until a site's sweep has come to a stage. */
const stepTo = (world: World, site: number, stage: string) =>
  vi.waitFor(
    async () => {
      if ((await stageOf(world, site)) !== stage) await step(world, 100)
      expect(await stageOf(world, site)).toBe(stage)
    },
    { timeout: 20_000, interval: 5 },
  )

test('a page that somebody is looking at stays, however late that is committed', async ({ world }) => {
  const { database } = world
  const at = new Date()
  const shop = { page: { host: 'shop.example', path: '/looked-at', title: null } }
  const site = await world.settle('UTC', [traced('efua', at, shop)])
  await forget(database, site)
  await stepTo(world, site.id, 'others')
  await database.transaction().execute(async (transaction) => {
    await storeEvents(transaction, deliveryOf(row(site.id, at, { ...shop, visitor: other })))
    expect(await step(world)).toBeNull()
  })
  await sweep(world)
  expect(await countsOf(world, site.id)).toEqual({ pages: 1, origins: 0, actions: 0, clients: 1, places: 0, deeds: 0 })
  expect(await danglingOf(world, site.id)).toEqual([])
})

test('nothing that is stored while sweeps run leads nowhere', { timeout: 60_000 }, async ({ world }) => {
  const { database } = world
  const site = await world.settle('UTC', [])
  const person = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  let is_over = false
  let stored = 0
  let gone = 0

  /** Stores an event on one of five pages, and forgets who was there before: so pages come and go. */
  const storing = async (first: number) => {
    for (let n = first; !is_over; n += 2) {
      const event = traced(`${(n * 7) % 5}`, new Date(), { id: uuidv7(new Date(), n), visitor: person(n) })
      await database.transaction().execute(async (transaction) => {
        await storeEvents(transaction, deliveryOf({ ...event, site: site.id }))
        await new Promise((resolve) => setTimeout(resolve, n % 7))
      })
      stored += 1
      if (n > 1) await forget(database, site, person(n - 2))
    }
  }
  const sweeping = async () => {
    const until_ms = Date.now() + 5_000
    while (Date.now() < until_ms || stored < 50 || gone < 5) {
      const before = await countsOf(world, site.id)
      await step(world, 100)
      const after = await countsOf(world, site.id)
      gone += dictionaries.filter((name) => (after[name] ?? 0) < (before[name] ?? 0)).length
      await foldStep(database, 1_000)
    }
    is_over = true
  }
  await Promise.all([storing(0), storing(1), sweeping()])
  await foldToTheEnd(database)
  expect(await danglingOf(world, site.id)).toEqual([])
  expect(await checkRollups(database, site.id)).toBeUndefined()
})

test('a copy of a site is made before it is swept, and nothing is packed while it is', async ({ world }) => {
  const { database } = world
  const noon = Date.parse('2025-03-10T12:00:00Z')
  const site = await world.settle('UTC', [traced('gifty', new Date(noon)), row(0, new Date(noon), { visitor: other })])
  await foldToTheEnd(database)
  await forget(database, site)
  await noteCopy(database, { site: site.id, database: 'eu2', afresh: true })
  while (await step(world, 100));
  expect(await stageOf(world, site.id)).toBe('asked')
  await forgetCopy(database, site.id, 'eu2')

  const packed = async () =>
    (await sql`select from visits where site = ${site.id} and is_packed`.execute(database)).rows.length
  await stepTo(world, site.id, 'events')
  await packUntil(database, noon + 86_400_000)
  expect(await packed()).toBe(0)
  await sweep(world)
  await vi.waitFor(
    async () => {
      await packUntil(database, noon + 86_400_000)
      expect(await packed()).toBe(1)
    },
    { timeout: 20_000, interval: 20 },
  )
})

const word = fc.constantFrom('a', 'b', 'c')
const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('store' as const), visitor: fc.nat(9), word, is_old: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('erase' as const), visitor: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('unpack' as const), visitor: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('fold' as const) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('pack' as const) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('sweep' as const), steps: fc.integer({ min: 1, max: 6 }) }) },
)

test('whatever happens between its steps, a sweep leaves all that is referred to and nothing else', {
  timeout: 120_000,
}, async ({ world }) => {
  const { database } = world
  const noon = Date.parse('2025-03-10T12:00:00Z')
  const person = (n: number) => `00000000-0000-4000-8000-0000000000c${n}`
  await sweep(world)
  const property = fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60 }), async (acts) => {
    const site = await world.settle('UTC', [])
    const ask = () => sql`insert into sweeps (site) values (${site.id}) on conflict do nothing`.execute(database)
    for (const [n, one] of acts.entries()) {
      if (one.act === 'store') {
        const at = new Date(one.is_old ? noon + n * 60_000 : Date.now())
        const { page } = traced(one.word, at)
        await world.store(site, [traced(one.word, at, { id: uuidv7(at, n), visitor: person(one.visitor), page })])
      } else if (one.act === 'erase') await forget(database, site, person(one.visitor))
      else if (one.act === 'unpack')
        await sql`select unpack(${site.id}, ${[person(one.visitor)]}::uuid[], '-infinity', 'infinity')`.execute(
          database,
        )
      else if (one.act === 'fold') await foldStep(database, 1_000)
      else if (one.act === 'pack') await packUntil(database, noon + 86_400_000)
      else for (let steps = one.steps; steps > 0; steps--) await step(world)
      await ask()
      if (one.act === 'sweep') expect(await danglingOf(world, site.id)).toEqual([])
    }
    await foldToTheEnd(database)
    await ask()
    await sweep(world)
    expect(await danglingOf(world, site.id)).toEqual([])
    expect(await checkRollups(database, site.id)).toBeUndefined()
    const { rows } = await sql<{ words: number }>`
      select count(distinct page)::integer as words from (
        select page from events where site = ${site.id} union all select page from packed_events where site = ${site.id}
      ) as event
    `.execute(database)
    const words = rows[0]?.words ?? 0
    expect(await countsOf(world, site.id)).toEqual(Object.fromEntries(dictionaries.map((name) => [name, words])))
  })
  await fc.assert(property, { numRuns: 40, interruptAfterTimeLimit: 30_000 })
})
