import {
  comparisons,
  type DateRange,
  dimensions,
  type Filter,
  filterDimensions,
  filterOperators,
  metrics,
  namedRanges,
} from '@balise/shared/stats/query'
import { eventKinds } from '@balise/shared/wire/event'
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import type { Database } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { fold } from '../src/store/fold.ts'
import { uuidv7 } from './batches.ts'
import { row } from './deliveries.ts'
import { packUntil } from './folding.ts'
import { oracle } from './query-oracle.ts'
import { type Asked, questionTo, test } from './query-world.ts'

const minute_ms = 60_000
const hour_ms = 60 * minute_ms
const day_ms = 24 * hour_ms

/** Days on which a clock somewhere leaps or falls back, a month or a year ends, or nothing happens. */
const day = fc.constantFrom(
  '2025-09-07', // Santiago leaps over midnight
  '2025-10-05', // Lord Howe leaps half an hour
  '2025-10-26', // Paris falls back; in the Azores midnight comes twice
  '2025-11-02', // New York falls back; in Havana midnight comes twice
  '2025-10-31',
  '2025-12-31',
)

/** Time zones, each with the hour of UTC around which its midnight lies. */
const zone = fc.constantFrom<[time_zone: string, midnight_hours: number]>(
  ['UTC', 0],
  ['Europe/Paris', -2],
  ['America/New_York', 4],
  ['Asia/Kolkata', -5.5],
  ['Atlantic/Azores', 0],
  ['America/Havana', 4],
  ['America/Santiago', 4],
  ['Australia/Lord_Howe', -10.5],
  ['Pacific/Kiritimati', -14],
)
const text = fc.constantFrom('/', '/a', '/A%', '/a_b', "/it's", '/é😀', 'Direct', '(none)', '(unknown)', 'signup', 'FR')
const known = fc.option(text)
const visitorOf = (n: number) => `00000000-0000-4000-8000-00000000000${n}`
const visitor = fc.constantFrom(1, 2, 3).map(visitorOf)

/** Events come in parts; after each but the last there is a fold, of so many events. Then perhaps a visitor is forgotten. */
const history = fc.record({
  // The first step only writes down who came: it takes two until somebody is folded, and few until only some are.
  folds: fc.array(fc.record({ steps: fc.constantFrom(1, 2, 2, 3), events_max: fc.constantFrom(1, 4, 1_000, 1_000) }), {
    maxLength: 3,
  }),
  // Days after the midnight until which is packed what is folded.
  packs: fc.option(fc.constantFrom(0, 1, 2, 40)),
  forgets: fc.option(fc.constantFrom(1, 2, 3)),
})

/** An event `at_ms` from a midnight, most often close to it, or to that of another pentad or month. */
const event = fc.record({
  // Ten minutes apart, so that gaps of just 30 minutes are common.
  at_ms: fc
    .tuple(fc.constantFrom(0, 0, 0, 0, -24, 24, 11, -6 * 24, -35 * 24), fc.integer({ min: -9, max: 12 }))
    .map(([hours, tens]) => hours * hour_ms + tens * 10 * minute_ms),
  late_ms: fc.constantFrom(0, 0, 0, 1, minute_ms),
  // How far the id's own time is from the event's.
  id_late_ms: fc.constantFrom(0, 0, 0, 23 * hour_ms, -23 * hour_ms, 5 * day_ms, -40 * day_ms),
  id_tail: fc.integer({ min: 0, max: 2 ** 30 }),
  visitor,
  session: fc.option(visitor, { freq: 3 }),
  kind: fc.constantFrom(...eventKinds),
  path: text,
  action: fc.option(fc.record({ name: known, endpoint: known, channel: known })),
  origin: fc.option(fc.record({ source: known, channel: known })),
  place: fc.option(fc.record({ country: known })),
  client: fc.record({ browser: known, os: known, device: known }),
})
type Told = typeof event extends fc.Arbitrary<infer Value> ? Value : never

const noOrigin = {
  source: null,
  referrer: null,
  medium: null,
  campaign: null,
  term: null,
  content: null,
  channel: null,
}
const noAction = { name: null, method: null, endpoint: null, status: null, channel: null, currency: null }
const noPlace = { country: null, region: null, city: null }

/** The event as it is stored. A trait may be missing, or be there and know nothing. */
const rowOf = (midnight: number, told: Told): EventRow => {
  const at = midnight + told.at_ms + told.late_ms
  const plain = row(0, new Date(at))
  return {
    ...plain,
    id: uuidv7(new Date(at + told.id_late_ms), told.id_tail),
    visitor: told.visitor,
    kind: told.kind,
    known: told.session !== null,
    ...(told.session === null ? {} : { session: told.session }),
    page: { ...plain.page, path: told.path },
    client: { ...plain.client, ...told.client },
    origin: told.origin && { ...noOrigin, ...told.origin },
    action: told.action && { ...noAction, ...told.action },
    place: told.place && { ...noPlace, ...told.place },
  }
}

const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter; is: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('is'),
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('filter'), { minLength: 1, maxLength: 3 })),
    fc.tuple(fc.constant('not'), tie('filter')),
  ),
  is: fc.tuple(
    fc.constantFrom(...filterOperators),
    fc.constantFrom(...filterDimensions),
    fc.array(fc.oneof(text, fc.constantFrom('page_view', '%', '_', 'a', "'", '')), { minLength: 1, maxLength: 3 }),
  ),
})).filter

const parts = {
  range: fc.oneof(
    fc.constantFrom(...namedRanges),
    fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 3 })),
    fc.tuple(fc.integer({ min: -40, max: -2 }), fc.integer({ min: 4, max: 75 })),
  ),
  metrics: fc.uniqueArray(fc.constantFrom(...metrics), { minLength: 1, maxLength: 6 }),
  dimensions: fc.uniqueArray(fc.constantFrom(...dimensions), { maxLength: 3 }),
  filters: filter,
  order: fc.array(fc.tuple(fc.nat(), fc.constantFrom('asc', 'desc')), { maxLength: 2 }),
  limit: fc.constantFrom(1, 3, 100),
  offset: fc.constantFrom(0, 0, 0, 2),
  compare: fc.constantFrom(...comparisons),
}
type Parts = { [Name in keyof typeof parts]: (typeof parts)[Name] extends fc.Arbitrary<infer Value> ? Value : never }
type Drawn = Pick<Parts, 'range' | 'metrics' | 'dimensions'> & Partial<Parts>

/** Half of the questions are such as rollups answer: of all that may be asked they are few, and they are what most people ask. */
const question: fc.Arbitrary<Drawn> = fc.oneof(
  fc.record(parts, { requiredKeys: ['range', 'metrics', 'dimensions'] }),
  fc.record({
    range: parts.range,
    metrics: parts.metrics,
    dimensions: fc.uniqueArray(fc.constantFrom(...dimensions), { maxLength: 1 }),
    limit: fc.constant(100),
  }),
)

const dayAfter = (midnight: number, days: number) => new Date(midnight + days * day_ms).toISOString().slice(0, 10)

/** The question around a midnight, without what would be refused. */
const askedOf = (midnight: number, { range, order, filters, compare, ...drawn }: Drawn): Asked => {
  const date_range: DateRange = Array.isArray(range)
    ? [dayAfter(midnight, range[0]), dayAfter(midnight, range[0] + range[1])]
    : range
  const isLong = Array.isArray(range) ? range[1] > 30 : range === 'all' || range === '12mo' || range === 'year'
  const split = drawn.dimensions.filter((name) => !(isLong && name === 'time:hour'))
  const isComparable = date_range !== 'all' && !(compare === 'previous_period' && split.includes('time:month'))
  const columns = [...drawn.metrics, ...split]
  const order_by = order?.flatMap(([n, direction]) =>
    columns
      .slice(n % columns.length)
      .slice(0, 1)
      .map((name): [typeof name, 'asc' | 'desc'] => [name, direction]),
  )
  return {
    ...drawn,
    date_range,
    dimensions: split,
    ...(filters ? { filters } : {}),
    ...(compare && isComparable ? { compare } : {}),
    ...(order_by?.length ? { order_by } : {}),
    include: split.some((name) => name.startsWith('time:')) ? ['total_rows', 'time_labels'] : ['total_rows'],
  }
}

/** What a statement costs here is the opening of partitions: all that happens here lies in the default one. */
const dropMonths = (database: Database) =>
  sql`
    do $$ declare month regclass; begin
      for month in select relid from pg_partition_tree('events') where isleaf loop
        if month <> 'events_default'::regclass then execute format('drop table %s', month); end if;
      end loop;
    end $$
  `.execute(database)

test('every answer is what a count over all events in plain loops gives', { timeout: 540_000 }, async ({ world }) => {
  await dropMonths(world.database)
  const property = fc.asyncProperty(
    day,
    zone,
    fc.uniqueArray(event, { maxLength: 25, selector: ({ id_tail }) => id_tail }),
    fc.array(question, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 0, max: 47 }),
    history,
    async (around, [time_zone, midnight_hours], told, questions, now_hours, { folds, packs, forgets }) => {
      const midnight = Date.parse(around) + midnight_hours * hour_ms
      const now = new Date(midnight + now_hours * hour_ms)
      const events = told.map((one) => rowOf(midnight, one))
      const site = await world.settle(time_zone, [])
      const answersAre = async (happened: EventRow[]) => {
        for (const drawn of questions) {
          const asked = askedOf(Date.parse(around), drawn)
          const { results, meta } = await world.answer(site, asked, now)
          const question = questionTo(site, asked)
          const { time_labels, date_range, comparison_range, total_rows, ...expected } = oracle(
            happened,
            question,
            time_zone,
            now,
          )
          expect({ asked, results }).toEqual({ asked, ...expected })
          const told = { ...(time_labels ? { time_labels } : {}), ...(comparison_range ? { comparison_range } : {}) }
          expect(meta).toEqual({ time_zone, date_range, total_rows, ...told })
        }
      }

      // What other worlds left over would be folded and packed in place of this one.
      while (await fold(world.database, 10_000));
      await packUntil(world.database, Date.now() - 38 * 24 * hour_ms)
      const parts = folds.length + 1
      for (const [part, { steps, events_max }] of [...folds, { steps: 0, events_max: 0 }].entries()) {
        // Every `parts`th event comes with this part, and some of the last part come again.
        const late = events.filter((_, index) => index % parts === part || index % parts === part - 1)
        await world.store(site, late)
        for (let step = 0; step < steps; step++) await fold(world.database, events_max)
      }
      await answersAre(events)

      if (packs !== null) {
        await packUntil(world.database, midnight + packs * 24 * hour_ms)
        await answersAre(events)
      }

      const person = forgets && visitorOf(forgets)
      if (!person) return
      await erase(world.database, { site, subject: 'visitor', subjects: [person], asked_by: null })
      await answersAre(events.filter((one) => one.visitor !== person))
      await fold(world.database, 1_000)
      await answersAre(events.filter((one) => one.visitor !== person))
    },
  )
  await fc.assert(property, { numRuns: 200, interruptAfterTimeLimit: 500_000, markInterruptAsFailure: true })
})
