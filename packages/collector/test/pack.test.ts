import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, vi } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import { nextChunk } from '../src/store/chunks.ts'
import { erase } from '../src/store/erasures.ts'
import { beginRound, noteCopy, notePosition } from '../src/store/moves.ts'
import { preparePartitions } from '../src/store/partitions.ts'
import { retainAll, setRetention } from '../src/store/retention.ts'
import { uuidv7 } from './batches.ts'
import { row } from './deliveries.ts'
import { foldToTheEnd, packUntil } from './folding.ts'
import { test, type World } from './query-world.ts'

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
const rowOf = (
  event: fc.Arbitrary<unknown> extends never ? never : typeof told extends fc.Arbitrary<infer V> ? V : never,
  n: number,
): EventRow => {
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
    ...(JSON.parse(JSON.stringify(event.deed)) as Partial<EventRow>),
  }
}

/** All columns of a site's raw events but their ids, in the order of time. */
const toldOf = async ({ database }: World, site: number) => {
  const columns =
    sql.raw(`at, visitor, session, kind, page, origin, client, place, action, "user", target, known, skewed,
    duration_ms, bytes, engaged_ms, scroll_percent, amount, props`)
  const { rows } = await sql`
    select ${columns} from (
      select id, ${columns} from events where site = ${site}
      union all
      select id, ${columns} from packed_events where site = ${site}
    ) as event
    order by visitor, session nulls first, at, id
  `.execute(database)
  return rows
}

const countsOf = async ({ database }: World, site: number) => {
  const { rows } = await sql<{ events: number; packed: number }>`
    select (select count(*)::integer from events where site = ${site}) as events,
      (select count(*)::integer from packed_events where site = ${site}) as packed
  `.execute(database)
  return rows[0]
}

/** Packs until what may be packed is. A transaction that is under way anywhere in the cluster may hold it up for a moment. */
const packed = (world: World, site: number, until_ms: number) =>
  vi.waitFor(
    async () => {
      await packUntil(world.database, until_ms)
      const { rows } = await sql`
        select from packs where site = ${site} and upto >= (select max(started_at) from visits where site = ${site} and started_at < ${new Date(until_ms)})
      `.execute(world.database)
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
    expect(await checkRollups(database, site.id, 7)).toBeUndefined()
    await sql`select unpack(${site.id}, ${[2, 3].map(person)}::uuid[], '-infinity', 'infinity')`.execute(database)
    expect(await toldOf(world, site.id)).toEqual(before)
    expect(await checkRollups(database, site.id, 7)).toBeUndefined()
  })
  await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 60_000 })
})
