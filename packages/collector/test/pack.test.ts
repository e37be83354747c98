import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, vi } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import { nextChunk } from '../src/store/chunks.ts'
import { erase } from '../src/store/erasures.ts'
import { storeEvents } from '../src/store/events.ts'
import { beginRound, noteCopy } from '../src/store/moves.ts'
import { preparePartitions } from '../src/store/partitions.ts'
import { retainAll, setRetention } from '../src/store/retention.ts'
import { uuidv7 } from './batches.ts'
import { deliveryOf, row } from './deliveries.ts'
import { foldToTheEnd, packUntil, setClock } from './folding.ts'
import { type Asked, test, type World } from './query-world.ts'

const minute_ms = 60_000
const noon = Date.parse('2025-03-10T12:00:00Z')
const person = (n: number) => `00000000-0000-4000-8000-00000000000${n}`
const hash = (n: number) => `abcdef00-0000-4000-9000-f0000000000${n}`

const origin = (source: string): EventRow['origin'] => ({
  source,
  referrer: null,
  medium: null,
  campaign: null,
  term: null,
  content: null,
  channel: 'Referral',
})
const action = (given: Partial<NonNullable<EventRow['action']>>): EventRow['action'] => ({
  name: null,
  method: null,
  endpoint: null,
  channel: null,
  currency: null,
  status: null,
  ...given,
})

/** What can be said of an event: each kind with its own measures, and what may change within a visit. */
const deed = fc.oneof(
  fc.constant({}),
  fc.record({
    kind: fc.constant('api_call' as const),
    action: fc.constant(action({ method: 'GET', endpoint: '/users/:id', status: 200 })),
    duration_ms: fc.nat(9_000),
    bytes: fc.option(fc.nat(9_000), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('engagement' as const),
    engaged_ms: fc.nat(9_000),
    scroll_percent: fc.option(fc.nat(100), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('contact' as const),
    action: fc.constant(action({ channel: 'phone' })),
    target: fc.constantFrom(1, 2).map(hash),
  }),
  fc.record({
    kind: fc.constant('custom' as const),
    action: fc.constant(action({ name: 'signup', currency: 'XAF' })),
    amount: fc.constantFrom('4900', '0.125'),
    props: fc.constantFrom({ plan: 'pro' }, { plan: 'free', seats: 3, yearly: true }),
  }),
)
const told = fc.record({
  visitor: fc.constantFrom(1, 2, 3),
  in_session: fc.boolean(),
  minutes: fc.constantFrom(0, 0, 1, 2, 50, 51, 24 * 60 * 3),
  path: fc.constantFrom('/', '/a'),
  source: fc.constantFrom(null, null, 'Google', 'Le Monde'),
  browser: fc.constantFrom('Firefox', 'Firefox', 'Safari'),
  country: fc.constantFrom(null, 'CM', 'CM', 'FR'),
  user: fc.constantFrom(undefined, undefined, 7, 8),
  deed,
})
type Told = typeof told extends fc.Arbitrary<infer Value> ? Value : never

const rowOf = ({ deed, ...event }: Told, n: number): EventRow => {
  const at = new Date(noon + event.minutes * minute_ms)
  const known = event.visitor !== 1
  const plain = row(0, at)
  return {
    ...plain,
    id: uuidv7(at, n),
    visitor: person(event.visitor),
    known,
    ...(event.in_session && { session: hash(event.visitor) }),
    ...(known && event.user && { user: hash(event.user) }),
    page: { ...plain.page, path: event.path },
    origin: event.source === null ? null : origin(event.source),
    client: { ...plain.client, browser: event.browser },
    place: event.country === null ? null : { country: event.country, region: null, city: null },
    ...said(deed),
  }
}

/** Without what is not said. */
const said = (deed: object): Partial<EventRow> =>
  Object.fromEntries(Object.entries(deed).filter(([, value]) => value !== undefined))

const columnsOf = async ({ database }: World, table: 'events' | 'packed_events') => {
  const { rows } = await sql<{ name: string }>`
    select attname as name from pg_attribute where attrelid = ${table}::regclass and attnum > 0 and not attisdropped
  `.execute(database)
  return rows.map(({ name }) => name)
}

/** All columns of a site's raw events but what is not carried, in the order of time. */
const toldOf = async (world: World, site: number) => {
  const columns = sql.join((await columnsOf(world, 'events')).map((name) => sql.ref(name)))
  const { rows } = await sql<Record<string, unknown>>`
    select * from (
      select ${columns} from events where site = ${site}
      union all
      select ${columns} from packed_events where site = ${site}
    ) as event
    order by visitor, session nulls first, at, id
  `.execute(world.database)
  return rows.map(({ id, stored_by, ...told }) => told)
}

const countsOf = async ({ database }: World, site: number) => {
  const { rows } = await sql<{ events: number; packed: number }>`
    select (select count(*)::integer from events where site = ${site}) as events,
      (select count(*)::integer from packed_events where site = ${site}) as packed
  `.execute(database)
  return rows[0]
}

/** Packs until what may be packed is. A transaction that is under way anywhere in the cluster may hold it up for a moment. */
const packed = ({ database }: World, site: number, until_ms: number) =>
  vi.waitFor(
    async () => {
      await packUntil(database, until_ms)
      const { rows } = await sql`
        select from packs
        where site = ${site}
          and upto >= (select max(started_at) from visits where site = ${site} and started_at < ${new Date(until_ms)})
      `.execute(database)
      expect(rows).toHaveLength(1)
    },
    { timeout: 20_000, interval: 20 },
  )

const day_ms = 86_400_000

test('a packed event tells all that it told before, and again when its visit is taken apart', {
  timeout: 90_000,
}, async ({ world }) => {
  const { database } = world
  const property = fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 30 }), async (events) => {
    const site = await world.settle('UTC', events.map(rowOf))
    await foldToTheEnd(database)
    const before = await toldOf(world, site.id)
    await packed(world, site.id, noon + 8 * day_ms)
    expect(await countsOf(world, site.id)).toEqual({ events: 0, packed: events.length })
    expect(await toldOf(world, site.id)).toEqual(before)
    expect(await checkRollups(database, site.id, { events_max: 7 })).toBeUndefined()
    await sql`select unpack(${site.id}, ${[2, 3].map(person)}::uuid[], '-infinity', 'infinity')`.execute(database)
    expect(await toldOf(world, site.id)).toEqual(before)
    expect(await checkRollups(database, site.id, { events_max: 7 })).toBeUndefined()
  })
  await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 60_000 })
})

test('no column of an event is forgotten', async ({ world }) => {
  const [told, carried] = [await columnsOf(world, 'events'), await columnsOf(world, 'packed_events')]
  expect(carried.sort()).toEqual([...told, 'visit_started_at'].sort())
})

test('what a visit cannot carry stays as it lies: long ones, and events whose ids are a day off their time', async ({
  world,
}) => {
  const { database } = world
  const at = (hours: number) => new Date(noon + hours * 60 * minute_ms)
  const long = [0, 20, 40].map((hours) => row(0, at(hours), { visitor: person(4), session: hash(4), known: true }))
  const skewed = row(0, at(0), { id: uuidv7(at(-48)), visitor: person(5) })
  const plain = row(0, at(0), { visitor: person(6) })
  const site = await world.settle('UTC', [...long, skewed, plain])
  await foldToTheEnd(database)
  const before = await toldOf(world, site.id)
  await packed(world, site.id, noon + 8 * day_ms)
  expect(await countsOf(world, site.id)).toEqual({ events: 4, packed: 1 })
  expect(await toldOf(world, site.id)).toEqual(before)
  expect(await checkRollups(database, site.id)).toBeUndefined()
})

test('an event that would belong to packed visits is refused by name, once, and so is its twin', async ({ world }) => {
  const { database } = world
  const late = row(0, new Date(noon), { visitor: person(1) })
  const site = await world.settle('UTC', [late])
  await foldToTheEnd(database)
  await packed(world, site.id, noon + 8 * day_ms)
  const before = await toldOf(world, site.id)
  const both = [late, { ...late, id: uuidv7(new Date(noon), 1) }].map((one) => ({ ...one, site: site.id }))
  for (let time = 0; time < 2; time++)
    expect(await storeEvents(database, deliveryOf(...both))).toEqual(
      expect.arrayContaining(both.map(({ id }) => ({ id, outcome: 'too_old' }))),
    )
  expect(await toldOf(world, site.id)).toEqual(before)
  const { rows } = await sql`select reason, count::integer from refusals where site = ${site.id}`.execute(database)
  expect(rows).toEqual([{ reason: 'too_old', count: 2 }])
})

test('who is forgotten leaves packed visits too: a visitor whole, a user out of a shared device', async ({ world }) => {
  const { database } = world
  const at = (minutes: number) => new Date(noon + minutes * minute_ms)
  const of = (visitor: number, minutes: number, user?: number) =>
    row(0, at(minutes), {
      visitor: person(visitor),
      session: hash(visitor),
      known: true,
      ...(user && { user: hash(user) }),
    })
  const site = await world.settle('UTC', [
    ...[0, 5].map((minutes) => of(2, minutes)),
    ...[0, 5, 10].map((minutes) => of(3, minutes, minutes === 5 ? 7 : 8)),
    of(4, 0, 7),
  ])
  await foldToTheEnd(database)
  await packed(world, site.id, noon + 8 * day_ms)
  expect((await countsOf(world, site.id))?.packed).toBe(6)

  const visitor = await erase(database, { site, subject: 'visitor', subjects: [person(2)], asked_by: null })
  expect(visitor.erased).toEqual({ events: 2 })
  const user = await erase(database, { site, subject: 'user', subjects: [hash(7)], asked_by: null })
  expect(user.erased).toEqual({ events: 2 })
  const left = await toldOf(world, site.id)
  expect(left).toMatchObject([0, 10].map((minutes) => ({ at: at(minutes), visitor: person(3), user: hash(8) })))
  expect(left).toHaveLength(2)
  const { rows } = await sql`
    select visitor, cardinality(deeds) as events from visits where site = ${site.id}
  `.execute(database)
  expect(rows).toEqual([{ visitor: person(3), events: 2 }])
  expect(await checkRollups(database, site.id)).toBeUndefined()
})

test('a clock that is set anew moves the hours of packed visits too', async ({ world }) => {
  const { database } = world
  const moments = [20, 40].map((minutes) => new Date(noon + minutes * minute_ms)) // in Kolkata 17:50 and 18:10
  const site = await world.settle(
    'UTC',
    moments.map((at) => row(0, at)),
  )
  await foldToTheEnd(database)
  await packed(world, site.id, noon + 8 * day_ms)
  const there = await setClock(database, site, 'Asia/Kolkata')
  await foldToTheEnd(database)
  expect(await countsOf(world, site.id)).toEqual({ events: 0, packed: 2 })
  expect(await checkRollups(database, site.id)).toBeUndefined()
  const asked = {
    date_range: ['2025-03-10', '2025-03-10'] as [string, string],
    metrics: ['events' as const],
    dimensions: ['time:hour' as const],
    filters: [
      'and',
      [
        ['is', 'visit:browser', ['Firefox']],
        ['is', 'event:path', ['/']],
      ],
    ] as Asked['filters'],
  }
  expect((await world.answer(there, asked, new Date(noon + 60 * day_ms))).results).toMatchObject([
    { dimensions: ['2025-03-10T17:00'], metrics: [1] },
    { dimensions: ['2025-03-10T18:00'], metrics: [1] },
  ])
})

test('a site that moves is read whole, each event once, however it lies and however small the chunks', async ({
  world,
}) => {
  const { database } = world
  const events = Array.from({ length: 40 }, (_, n) =>
    row(0, new Date(noon + Math.floor(n / 3) * 20 * minute_ms), {
      id: uuidv7(new Date(noon + Math.floor(n / 3) * 20 * minute_ms), n),
      visitor: person(1 + (n % 7)),
    }),
  )
  const young = Array.from({ length: 10 }, (_, n) =>
    row(0, new Date(noon + 9 * day_ms), { id: uuidv7(new Date(noon + 9 * day_ms), n) }),
  )
  const site = await world.settle('UTC', [...events, ...young])
  await foldToTheEnd(database)
  await packed(world, site.id, noon + 8 * day_ms)
  expect(await countsOf(world, site.id)).toEqual({ events: 10, packed: 40 })
  const { rows: stored } = await sql<{ id: string }>`
    select id from events where site = ${site.id} union all select id from packed_events where site = ${site.id}
  `.execute(database)

  await noteCopy(database, { site: site.id, database: 'eu2', afresh: true })
  const progress = await beginRound(database, site.id, 'eu2')
  const read: string[] = []
  for (let position: string | null = null, chunks = 0; chunks < 60; chunks++) {
    const { batch, last } = await nextChunk(database, {
      site: site.id,
      progress: { ...progress, position },
      events_max: 4,
    })
    if (last === null) break
    read.push(...(JSON.parse(batch) as { events: { id: string[] } }).events.id)
    position = last
  }
  expect(read).toHaveLength(50)
  expect(new Set(read)).toEqual(new Set(stored.map(({ id }) => id)))
  expect(read.filter((id) => young.some((one) => one.id === id))).toHaveLength(10)
})

test('nothing is packed while a copy of the site is made', async ({ world }) => {
  const { database } = world
  const site = await world.settle('UTC', [row(0, new Date(noon))])
  await foldToTheEnd(database)
  await noteCopy(database, { site: site.id, database: 'eu2', afresh: true })
  await packUntil(database, noon + 8 * day_ms)
  expect(await countsOf(world, site.id)).toEqual({ events: 1, packed: 0 })
})

test('a month that is packed goes with its rows and indexes; a packed month goes when no site wants it', async ({
  world,
}) => {
  const { database } = world
  await preparePartitions(database, new Date('2024-05-01T00:00:00Z'))
  const at = (day: string) => new Date(`2024-${day}`)
  const border = ['05-31T23:50:00Z', '06-01T00:05:00Z'].map((day) => row(0, at(day), { visitor: person(8) }))
  const site = await world.settle('UTC', [
    row(0, at('05-10T12:00:00Z'), { visitor: person(1) }),
    row(0, at('05-31T23:30:00Z'), { visitor: person(2) }),
    ...border,
    row(0, at('06-10T12:00:00Z'), { visitor: person(3) }),
    row(0, at('06-20T12:00:00Z'), { id: uuidv7(at('05-20T12:00:00Z')), visitor: person(4) }), // its clock was off
  ])
  await foldToTheEnd(database)
  const before = await toldOf(world, site.id)
  await packed(world, site.id, at('07-15T00:00:00Z').getTime())
  const partitions = async () => {
    const { rows } = await sql<{ name: string }>`
      select relid::text as name from pg_partition_tree('events') where relid::text like '%2024%'
      union all
      select relid::text from pg_partition_tree('visits') where relid::text like '%2024%'
      order by name
    `.execute(database)
    return rows.map(({ name }) => name)
  }
  const retain = () => retainAll(database, at('08-15T00:00:00Z'), { rows_max: 1_000, steps_max: 100 })
  await retain()
  expect(await partitions()).toEqual(['visits_packed_2024_05', 'visits_packed_2024_06'])
  expect(await toldOf(world, site.id)).toEqual(before)

  await setRetention(database, { site: site.id, months: 2, keeps_sums: true })
  await retain()
  expect(await partitions()).toEqual(['visits_packed_2024_06'])
  const left = await toldOf(world, site.id)
  expect(left).toEqual(before.filter((event) => [3, 4, 8].map(person).includes(String(event['visitor']))))
  expect(await checkRollups(database, site.id)).toBeUndefined()
})
