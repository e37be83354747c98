import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, onTestFinished, vi } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { indexable } from '../src/ingest/storable.ts'
import type { AskedSite } from '../src/query/ask.ts'
import { statementOf } from '../src/query/statement.ts'
import { being_made_anew, checkRollups } from '../src/store/check-rollups.ts'
import type { Database } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { storeEvents } from '../src/store/events.ts'
import { fold, foldAll, foldStateOf } from '../src/store/fold.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { findSite } from '../src/store/sites.ts'
import { uuidv7 } from './batches.ts'
import { row } from './deliveries.ts'
import { mortalPostgres } from './faults-world.ts'
import { foldStep, foldToTheEnd, packUntil, refold, setClock } from './folding.ts'
import { from } from './query-story.ts'
import { type Asked, questionTo, test, type World } from './query-world.ts'

const hour_ms = 3_600_000
const midnight = Date.parse('2025-10-26T00:00:00Z') // Paris and the Azores fall back on this day
const now = new Date('2025-10-31T12:00:00Z')
const person = (n: number) => `00000000-0000-4000-8000-00000000000${n}`

const questions: Asked[] = [
  {
    date_range: ['2025-10-25', '2025-10-30'],
    metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'],
  },
  { date_range: '7d', metrics: ['visitors', 'visits', 'events'], dimensions: ['time:day'] },
  { date_range: '30d', metrics: ['visitors', 'events'], dimensions: ['event:path'] },
  { date_range: ['2025-10-26', '2025-10-26'], metrics: ['visitors', 'visits'], dimensions: ['visit:entry_page'] },
  { date_range: '30d', metrics: ['visitors', 'visits', 'bounce_rate'], dimensions: ['visit:source'] },
  { date_range: ['2025-10-26', '2025-10-29'], metrics: ['visits', 'events'], dimensions: ['time:hour'] },
]

/** Every answer is what raw events give. */
const answersHold = async ({ database, answer }: World, site: AskedSite, some = questions) => {
  for (const asked of some) {
    const { results } = await answer(site, asked, now)
    const raw = statementOf({ site, query: questionTo(site, asked), now, from_raw: true })
    const { rows } = await raw.execute(database)
    expect({ asked, results }).toEqual({ asked, results: rows[0]?.results })
  }
}

/** Rollups are what raw events add up to, unless they are just being made anew. */
const rollupsHold = async (database: Database, site: AskedSite) => {
  const difference = await checkRollups(database, site.id, { events_max: 7 })
  if (difference !== being_made_anew) expect(difference).toBeUndefined()
}

const event = fc.record({
  visitor: fc.constantFrom(1, 2, 3, 4).map(person),
  at_ms: fc
    .tuple(fc.constantFrom(-24, 0, 0, 1, 24, 96), fc.integer({ min: -4, max: 4 }))
    .map(([hours, steps]) => hours * hour_ms + steps * 600_000),
  path: fc.constantFrom('/', '/a'),
  kind: fc.constantFrom('page_view', 'page_view', 'engagement'),
  source: fc.constantFrom(null, 'Google'),
  id_tail: fc.integer({ min: 0, max: 2 ** 30 }),
})
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      store: fc.uniqueArray(event, { minLength: 1, maxLength: 12, selector: ({ id_tail }) => id_tail }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ fold: fc.constantFrom(1, 2, 5, 1_000) }) },
  // Days after that midnight whose visits may be packed.
  { weight: 3, arbitrary: fc.record({ pack: fc.constantFrom(0, 1, 3) }) },
  { weight: 2, arbitrary: fc.record({ refold: fc.constantFrom(1, 3) }) },
  { weight: 1, arbitrary: fc.record({ forget: fc.constantFrom(1, 2).map(person) }) },
  {
    weight: 1,
    arbitrary: fc.record({ clock: fc.constantFrom('UTC', 'Europe/Paris', 'Atlantic/Azores', 'Asia/Kolkata') }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const rowOf = ({
  visitor,
  at_ms,
  path,
  kind,
  source,
  id_tail,
}: typeof event extends fc.Arbitrary<infer Value> ? Value : never): EventRow => {
  const plain = row(0, new Date(midnight + at_ms))
  return {
    ...plain,
    id: uuidv7(new Date(midnight + at_ms), id_tail),
    visitor,
    known: visitor !== person(1),
    kind,
    page: { ...plain.page, path },
    ...(source && from(source)),
  }
}

/** Does one thing, and tells the site as it is afterwards. */
const take = async ({ database, store }: World, site: AskedSite, done: Step): Promise<AskedSite> => {
  if ('store' in done) await store(site, done.store.map(rowOf))
  if ('fold' in done) await fold(database, done.fold)
  if ('pack' in done) await packUntil(database, midnight + 24 * hour_ms * done.pack)
  if ('refold' in done) await refold(database, done.refold)
  if ('forget' in done) await erase(database, { site, subject: 'visitor', subjects: [done.forget], asked_by: null })
  return 'clock' in done ? setClock(database, site, done.clock) : site
}

test('between any two steps, in any order of storing, folding, packing, forgetting and setting the clock, all is exact', {
  timeout: 150_000,
}, async ({ world }) => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
    let site = await world.settle('UTC', [])
    for (const [index, one] of steps.entries()) {
      site = await take(world, site, one)
      await rollupsHold(world.database, site)
      await answersHold(world, site, questions.slice(index % questions.length).slice(0, 1))
    }
    await foldToTheEnd(world.database)
    expect(await checkRollups(world.database, site.id, { events_max: 7 })).toBeUndefined()
    await answersHold(world, site)
  })
  await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 110_000 })
})

test('who comes back had last been seen on the second day of a session that went over midnight', async ({ world }) => {
  const { database } = world
  const hourOf = (session: string, hours: number): EventRow => {
    const at = new Date(midnight + hours * hour_ms)
    return { ...row(0, at), id: uuidv7(at), visitor: person(1), session, known: true }
  }
  const site = await world.settle('UTC', [hourOf(person(8), -0.1), hourOf(person(8), 0.1)])
  await foldToTheEnd(database)
  await world.store(site, [hourOf(person(9), 30)])
  await answersHold(world, site)
  await foldToTheEnd(database)
  expect(await checkRollups(database, site.id, { events_max: 7 })).toBeUndefined()
})

/** Events of many visitors, a minute apart, to be stored by one transaction. */
const crowd = (count: number, from = 0): EventRow[] =>
  Array.from({ length: count }, (_, n) => ({
    ...row(0, new Date(midnight + (n % 50) * 60_000)),
    id: uuidv7(new Date(midnight + (n % 50) * 60_000)),
    visitor: `00000000-0000-4000-8000-${String(from + n).padStart(12, '0')}`,
  }))

test('a transaction that stored more than a step takes on is folded in many, each of them bounded', {
  timeout: 90_000,
}, async ({ world }) => {
  await foldToTheEnd(world.database)
  const site = await world.settle('UTC', crowd(100))
  const steps: (number | null)[] = []
  await vi.waitFor(async () => {
    const folded = await fold(world.database, 30)
    if (folded) steps.push(folded)
    await rollupsHold(world.database, site)
    await answersHold(world, site, questions.slice(0, 1))
    // What another database's transaction holds up is not waiting yet.
    expect(steps).toEqual([100, 30, 30, 30, 10]) // first it is written down whose events they are
  }, 60_000)
  expect((await foldStateOf(world.database)).events_waiting).toBe(0)
})

test('many small transactions are taken together, as far as a step reaches', async ({ world }) => {
  await foldToTheEnd(world.database)
  const site = await world.settle('UTC', [])
  for (let n = 0; n < 10; n++) await world.store(site, crowd(4, n * 4))
  const steps: (number | null)[] = []
  await vi.waitFor(async () => {
    const folded = await fold(world.database, 15)
    if (folded) steps.push(folded)
    expect((await foldStateOf(world.database)).events_waiting).toBe(0)
  }, 20_000)
  expect(steps.every((events) => Number(events) <= 15)).toBe(true)
  expect(await checkRollups(world.database, site.id)).toBeUndefined()
})

test('who folds while events go on coming comes to an end', async ({ world }) => {
  await foldToTheEnd(world.database)
  const site = await world.settle('UTC', [])
  for (let n = 0; n < 5; n++) {
    await world.store(site, crowd(4, n * 4))
    expect(await foldStep(world.database, 1_000)).toBe(0)
  }
  await foldToTheEnd(world.database)
  await vi.waitFor(async () => {
    for (let n = 5; n < 15; n++) await world.store(site, crowd(4, n * 4))
    // What another database's transaction holds up is not there yet: then this may be all.
    expect(await foldStep(world.database, 15)).toBeGreaterThan(0)
  }, 10_000)
  await vi.waitFor(async () => expect(await foldStep(world.database, 15)).toBe(0), 10_000)
  await foldToTheEnd(world.database)
  expect(await checkRollups(world.database, site.id)).toBeUndefined()
})

test('a step that is cut off half way leaves nothing half done', async ({ world }) => {
  await foldToTheEnd(world.database)
  const [first, second] = [await world.settle('UTC', []), await world.settle('UTC', [])]
  await storeEvents(world.database, {
    events: [first, second].flatMap(({ id }, n) => crowd(40, 100 * n).map((one) => ({ ...one, site: id }))),
    refused: [],
  })
  await vi.waitFor(async () => expect(await fold(world.database, 60)).toBe(80), 10_000)
  for (let cut = 0; cut < 3; cut++) {
    await cutOff(world, second, 60)
    for (const site of [first, second]) {
      await rollupsHold(world.database, site)
      await answersHold(world, site, questions.slice(cut, cut + 1))
    }
    await fold(world.database, 20)
  }
  await foldToTheEnd(world.database, 20)
  for (const site of [first, second]) expect(await checkRollups(world.database, site.id)).toBeUndefined()
})

/** Begins a step, holds it up where it comes to a site, and ends its backend there. */
const cutOff = async ({ url, database }: World, site: AskedSite, events_max: number) => {
  const folder = openPostgres({ url, connections_max: 1, statement_ms_max: 20_000, onBreak: () => {} })
  await database.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('balise erasure'), ${site.id})`.execute(transaction)
    const step = fold(folder, events_max).then(
      () => 'done',
      () => 'cut off',
    )
    await vi.waitFor(
      async () => {
        const { rows } = await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like '%fold(%' and wait_event_type = 'Lock'
        `.execute(database)
        expect(rows).toHaveLength(1)
      },
      { timeout: 10_000, interval: 20 },
    )
    expect(await step).toBe('cut off')
  })
  await folder.destroy()
}

test('folders at once, events that pour in and people who are forgotten do not get into each other', async ({
  world,
}) => {
  const site = await world.settle('UTC', crowd(60))
  const pour = async (from: number) => {
    for (let n = 0; n < 12; n++) await world.store(site, crowd(8, from + 3 * n))
  }
  const foldAway = async () => {
    for (let n = 0; n < 25; n++) await fold(world.database, 1 + n)
  }
  const forget = async () => {
    for (const { visitor } of crowd(5, 10))
      await erase(world.database, { site, subject: 'visitor', subjects: [visitor], asked_by: null })
  }
  await Promise.all([pour(0), foldAway(), pour(20), foldAway(), forget()])
  await rollupsHold(world.database, site)
  await answersHold(world, site)
  await foldToTheEnd(world.database)
  expect(await checkRollups(world.database, site.id)).toBeUndefined()
  await answersHold(world, site)
})

test('who is forgotten during a step waits for its end, and nobody who stores waits with them', async ({ world }) => {
  const site = await world.settle('UTC', crowd(10))
  const forget = () => erase(world.database, { site, subject: 'visitor', subjects: [person(1)], asked_by: null })
  let forgotten: ReturnType<typeof forget> | undefined
  let is_over = false
  await world.database.transaction().execute(async (step) => {
    await vi.waitFor(async () => expect(await fold(step, 100)).not.toBeNull(), 10_000)
    forgotten = forget().finally(() => {
      is_over = true
    })
    await vi.waitFor(async () => {
      const { rows } = await sql`
        select from pg_locks join pg_database on database = pg_database.oid
        where datname = current_database() and locktype = 'advisory' and not granted
      `.execute(step)
      expect(rows).not.toEqual([])
    }, 10_000)
    await world.store(site, crowd(5, 20))
    expect(is_over).toBe(false)
  })
  expect(await forgotten).toMatchObject({ erased: { events: 1 }, suppressed: 1 })
  await foldToTheEnd(world.database)
  expect(await checkRollups(world.database, site.id)).toBeUndefined()
})

test('a Postgres that is killed within a step and between two goes on where it was', { timeout: 90_000 }, async () => {
  const postgres = await mortalPostgres()
  onTestFinished(postgres.remove)
  const open = () =>
    openPostgres({ url: postgres.url, connections_max: 4, statement_ms_max: 20_000, onBreak: () => {} })
  let database = open()
  const site = await findSite(database, 'demo')
  if (!site) throw new Error('there is a site')
  await storeEvents(database, { events: crowd(400).map((one) => ({ ...one, site: site.id })), refused: [] })
  await fold(database, 50)

  for (const events_max of [60, 150]) {
    const holder = open()
    const holding = holder.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(hashtext('balise erasure'), ${site.id})`.execute(transaction)
      const step = fold(database, events_max)
      const gone = expect(step).rejects.toThrow()
      await vi.waitFor(async () => {
        const { rows } =
          await sql`select from pg_stat_activity where query like '%fold(%' and wait_event_type = 'Lock'`.execute(
            holder,
          )
        expect(rows).toHaveLength(1)
      }, 10_000)
      await postgres.kill()
      await gone
    })
    await expect(holding).rejects.toThrow()
    await Promise.all([database.destroy(), holder.destroy()])
    await postgres.startAgain()
    database = open()
    expect(await checkRollups(database, site.id)).toBeUndefined()
    expect(await fold(database, 40)).toBe(40)
    expect(await checkRollups(database, site.id)).toBeUndefined()
  }
  await foldToTheEnd(database)
  expect(await checkRollups(database, site.id)).toBeUndefined()
  await database.destroy()
})

test('the check names the first row that differs', async ({ world }) => {
  const site = await world.settle('UTC', crowd(3))
  await foldToTheEnd(world.database)
  await sql`update rollups set events = events + 1 where site = ${site.id} and dimension = 'event:path'`.execute(
    world.database,
  )
  expect(await checkRollups(world.database, site.id)).toMatchObject({
    dimension: 'event:path',
    day: '2025-10-26',
    value: '/',
    rolled_up: { events: 4, unseen: [3] },
    counted: { events: 3, unseen: [3] },
  })
})

test('the check names a visit of somebody who did nothing', async ({ world }) => {
  const site = await world.settle('UTC', crowd(1))
  await foldToTheEnd(world.database)
  await sql`
    insert into visits (started_at, ended_at, client, visitor, site, page_views, deeds, bounced)
    select started_at, ended_at, client, ${person(9)}::uuid, site, page_views, deeds, bounced from visits where site = ${site.id}
  `.execute(world.database)
  expect(await checkRollups(world.database, site.id)).toMatchObject({
    dimension: 'visits',
    value: person(9),
    counted: null,
  })
})

test('the check names the first visit that differs', async ({ world }) => {
  const site = await world.settle('UTC', crowd(3))
  await foldToTheEnd(world.database)
  await sql`update visits set bounced = false where site = ${site.id}`.execute(world.database)
  expect(await checkRollups(world.database, site.id)).toMatchObject({
    dimension: 'visits',
    value: person(0),
    rolled_up: { page_views: 1, bounced: false },
    counted: { page_views: 1, bounced: true },
  })
  await sql`delete from visits where site = ${site.id} and visitor = ${person(0)}`.execute(world.database)
  expect(await checkRollups(world.database, site.id)).toMatchObject({ value: person(0), rolled_up: null })
})

test('the longest value is no longer than can be folded', async ({ world }) => {
  const site = await world.settle('UTC', [])
  const path = indexable(
    [...Array(2_000)].map((_, nth) => String.fromCodePoint(0x20000 + ((nth * 7_919) % 40_000))).join(''),
  )
  await storeEvents(world.database, {
    events: [row(site.id, now, { page: { host: '', path, title: null } })],
    refused: [],
  })
  await foldToTheEnd(world.database)
  await rollupsHold(world.database, site)
})

test('a step that takes too long makes the next ones smaller, and so does one that fails', async ({ world }) => {
  const step_events = async () =>
    (await sql<{ step_events: number }>`select step_events from folds`.execute(world.database)).rows[0]?.step_events
  await world.settle('UTC', crowd(200))
  await sql`update folds set step_events = 5000`.execute(world.database)
  await vi.waitFor(async () => {
    await foldAll(world.database, { pace_ms: 1, events_max: 50_000, steps_max: 1 })
    expect(await step_events()).toBeLessThan(5_000)
  }, 10_000)
  const slow = Number(await step_events())
  await sql`select note_fold_failure('57014')`.execute(world.database)
  expect(await step_events()).toBe(Math.max(100, Math.floor(slow / 2)))
  expect((await foldStateOf(world.database)).last_failure).toMatchObject({ code: '57014' })
  await foldAll(world.database, { pace_ms: 1_000, events_max: 1_000, steps_max: 1_000 })
  expect((await foldStateOf(world.database)).last_failure).toBeUndefined()
})
