import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { root } from '../../../dev/command.ts'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import type { EventRow } from '../src/ingest/row.ts'
import type { Door } from '../src/store/database.ts'
import {
  deadLettersHeld,
  deadLettersOf,
  expireDeadLetters,
  retryDeadLetters,
  storeOrSetAside,
} from '../src/store/dead-letters.ts'
import { erase } from '../src/store/erasures.ts'
import { createPlacement } from '../src/store/placement.ts'
import { openPostgresDoor } from '../src/store/postgres.ts'
import { storeWaiting } from '../src/store/waiting.ts'
import { deliveryOf, row } from './deliveries.ts'
import { tell } from './faults-world.ts'
import { foldToTheEnd, packUntil } from './folding.ts'

const amina = '00000000-0000-4000-8000-00000000000a'
const bela = '00000000-0000-4000-8000-00000000000b'

let base: Awaited<ReturnType<typeof migratedDatabase>>
let door: Door
let placement: ReturnType<typeof createPlacement>

beforeAll(async () => {
  base = await migratedDatabase()
  door = openPostgresDoor({ url: base.url, connections_max: 2, statement_ms_max: 10_000, onBreak: () => {} })
  placement = createPlacement(new Map([['home', door]]))
  await tell(base.url, "alter table pages add constraint no_poison check (path <> '/poison')")
})
afterAll(async () => {
  await door.close()
  await base.drop()
})
beforeEach(async () => {
  reported = []
  await tell(base.url, 'truncate dead_letters, events, suppressions')
})

let reported: string[] = []
const report = ({ message }: Error) => void reported.push(message)

const good = (given: Partial<EventRow> = {}) => row(base.site.id, new Date(), given)
const bad = (given: Partial<EventRow> = {}) =>
  good({ page: { host: 'shop.example', path: '/poison', title: null }, ...given })
const setAside = (...events: EventRow[]) => storeOrSetAside({ placement, report }, deliveryOf(...events))
const aside = async () =>
  (await sql<{ id: string }>`select id from dead_letters order by id`.execute(door.database)).rows.map(({ id }) => id)
const stored = async () =>
  (await sql<{ id: string }>`select id::text from events order by id`.execute(door.database)).rows.map(({ id }) => id)
const forget = (subject: 'visitor' | 'user', ...subjects: string[]) =>
  erase(door.database, { site: base.site, subject, subjects, asked_by: null })

test('an event that the database will never have is set aside, once, and the others of its delivery are stored', async () => {
  const [first, poison, last] = [good(), bad(), good()]
  expect(await setAside(first, poison, last)).toEqual([])
  expect(await setAside(first, poison, last)).toEqual([
    { id: first.id, outcome: 'duplicate' },
    { id: last.id, outcome: 'duplicate' },
  ])
  expect(await stored()).toEqual([first.id, last.id].toSorted())
  expect(await deadLettersOf(door.database, base.site.id)).toEqual([
    { failure: expect.stringContaining('no_poison'), events: 1, since: expect.any(Date) },
  ])
  expect(await deadLettersHeld(door.database)).toBe(1)
})

test('of many events those that the database will never have are found by halves', async () => {
  const events = Array.from({ length: 100 }, (_, index) => (index % 40 === 17 ? bad() : good()))
  let statements = 0
  const database = door.database.withPlugin({
    transformQuery: ({ node }) => {
      statements += 1
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const counting = createPlacement(new Map([['home', { ...door, database }]]))
  expect(await storeOrSetAside({ placement: counting, report }, deliveryOf(...events))).toEqual([])
  expect(await aside()).toEqual([17, 57, 97].map((index) => events[index]?.id).toSorted())
  expect(await stored()).toHaveLength(97)
  expect(statements).toBeLessThan(50)
})

test('what waited is stored together, and a delivery with an event that is set aside keeps back no other', async () => {
  const [one, poison, two] = [good(), bad(), good()]
  const failures = await storeWaiting({ placement, report }, [deliveryOf(one), deliveryOf(poison), deliveryOf(two)])
  expect(failures).toEqual([null, null, null])
  expect(await stored()).toEqual([one.id, two.id].toSorted())
  expect(await aside()).toEqual([poison.id])
})

test('an event of a site that is no more is let go, and told of; its neighbours are stored', async () => {
  const [theirs, ours] = [good({ site: 4_711 }), good()]
  expect(await storeWaiting({ placement, report }, [deliveryOf(theirs), deliveryOf(ours)])).toEqual([null, null])
  expect(await stored()).toEqual([ours.id])
  expect(reported).toEqual(['events let go: 1, for there is no site 4711'])
})

test('what was turned away of such a delivery is counted all the same', async () => {
  const refused = [
    {
      site: base.site.id,
      day: '2026-10-01',
      reason: 'bot',
      count: 2,
      delivery: '01990000-0000-7000-8000-000000000001',
    },
  ]
  expect(await storeOrSetAside({ placement, report }, { events: [bad()], refused })).toEqual([])
  const { rows } = await sql`select reason, count::integer from refusals where day = '2026-10-01'`.execute(
    door.database,
  )
  expect(rows).toEqual([{ reason: 'bot', count: 2 }])
})

test('a delivery of several counts that has one of a site that is no more counts each of the others', async () => {
  const counted = { day: '2026-10-02', count: 2, delivery: crypto.randomUUID() }
  const refused = [
    { ...counted, site: base.site.id, reason: 'too_many_requests' },
    { ...counted, site: 4_711, reason: 'too_many_requests' },
    { ...counted, site: base.site.id, reason: 'quota_exceeded' },
  ]
  for (let time = 0; time < 2; time++)
    expect(await storeOrSetAside({ placement, report }, { events: [], refused })).toEqual([])
  const { rows } = await sql`
    select reason, count::integer from refusals where day = '2026-10-02' order by reason
  `.execute(door.database)
  expect(rows).toEqual([
    { reason: 'quota_exceeded', count: 2 },
    { reason: 'too_many_requests', count: 2 },
  ])
})

test('a failure that may pass sets nothing aside: the delivery comes again', async () => {
  const away = openPostgresDoor({
    url: 'postgres://127.0.0.1:1/none',
    connections_max: 1,
    statement_ms_max: 1_000,
    onBreak: () => {},
  })
  const gone = createPlacement(new Map([['home', away]]))
  await expect(storeOrSetAside({ placement: gone, report }, deliveryOf(good()))).rejects.toThrow()
  const failures = await storeWaiting({ placement: gone, report }, [deliveryOf(good()), deliveryOf(bad())])
  expect(failures).toEqual([expect.any(Error), expect.any(Error)])
  expect(await aside()).toEqual([])
  await away.close()
})

test('what is set aside is stored once its database will have it, and stays where it will not', async () => {
  const [one, two] = [bad(), bad({ kind: 'nonsense' as 'page_view' })]
  await setAside(one, two)
  expect(await retryDeadLetters(door.database, base.site.id)).toEqual({ stored: 0, refused: 0, left: 2 })
  await tell(base.url, 'alter table pages drop constraint no_poison')
  expect(await retryDeadLetters(door.database, base.site.id)).toEqual({ stored: 1, refused: 0, left: 1 })
  expect(await stored()).toEqual([one.id])
  expect(await aside()).toEqual([two.id])
  await tell(base.url, "delete from pages where path = '/poison'")
  await tell(base.url, "alter table pages add constraint no_poison check (path <> '/poison')")
})

test('what is set aside and is too old by the time it can be stored is refused, and is told and counted so', async () => {
  const { id: site } = await saveSiteAs(base.url, { key: 'packed' })
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
  const poison = { page: { host: 'shop.example', path: '/poison', title: null } }
  await setAside(row(site, daysAgo(45), poison))
  await setAside(row(site, daysAgo(60)))
  await foldToTheEnd(door.database)
  await packUntil(door.database, daysAgo(40).getTime())
  await tell(base.url, 'alter table pages drop constraint no_poison')
  expect(await retryDeadLetters(door.database, site)).toEqual({ stored: 0, refused: 1, left: 0 })
  expect(await deadLettersOf(door.database, site)).toEqual([])
  const { rows } = await sql`select reason, count::integer from refusals where site = ${site}`.execute(door.database)
  expect(rows).toEqual([{ reason: 'too_old', count: 1 }])
  await tell(base.url, "delete from pages where path = '/poison'")
  await tell(base.url, "alter table pages add constraint no_poison check (path <> '/poison')")
})

test('who migrates tries again what is set aside', async () => {
  const poison = bad()
  await setAside(poison)
  await tell(base.url, 'alter table pages drop constraint no_poison')
  const { stdout } = await promisify(execFile)(process.execPath, ['packages/cli/src/main.ts', 'migrate'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: base.url },
  })
  expect(stdout).toContain('site demo: 1 event stored, 0 refused, 0 still set aside')
  expect(await stored()).toEqual([poison.id])
  expect(await aside()).toEqual([])
  await tell(base.url, "delete from pages where path = '/poison'")
  await tell(base.url, "alter table pages add constraint no_poison check (path <> '/poison')")
})

test.each<[string, Partial<EventRow>, 'visitor' | 'user']>([
  ['a visitor', { visitor: amina }, 'visitor'],
  ['a visitor by the name of the day before', { visitor: bela, visitor_before: amina }, 'visitor'],
  ['a user', { visitor: bela, user: amina, known: true }, 'user'],
])('who is forgotten leaves what is set aside, and is not set aside again: %s', async (_, given, subject) => {
  const [hers, his] = [bad(given), bad({ visitor: bela })]
  await setAside(hers, his)
  expect(await aside()).toEqual([hers.id, his.id].toSorted())
  await forget(subject, amina)
  expect(await aside()).toEqual([his.id])
  await setAside(hers)
  expect(await aside()).toEqual([his.id])
})

test('after 31 days what is set aside goes, and is counted as too old', async () => {
  await setAside(bad(), bad())
  await tell(base.url, "update dead_letters set set_aside_at = now() - interval '32 days'")
  await setAside(bad())
  await expireDeadLetters(door.database, new Date())
  expect(await aside()).toHaveLength(1)
  const { rows } =
    await sql`select count::integer from refusals where site = ${base.site.id} and reason = 'too_old'`.execute(
      door.database,
    )
  expect(rows).toEqual([{ count: 2 }])
})

test('who is forgotten just when what is set aside of them expires is forgotten, and both come to an end', async () => {
  await setAside(bad({ visitor: amina }))
  await tell(base.url, "update dead_letters set set_aside_at = now() - interval '32 days'")
  let expired: Promise<void> | undefined
  await door.database.transaction().execute(async (erasing) => {
    await sql`select pg_advisory_xact_lock(hashtext('balise erasure'), ${base.site.id})`.execute(erasing)
    expired = expireDeadLetters(door.database, new Date())
    await vi.waitFor(async () => {
      const waiting = await tell(
        base.url,
        `select from pg_locks join pg_database on pg_database.oid = database
         where datname = current_database() and locktype = 'advisory' and not granted`,
      )
      expect(waiting).toHaveLength(1)
    })
    await erase(erasing, { site: base.site, subject: 'visitor', subjects: [amina], asked_by: null })
  })
  await expired
  expect(await aside()).toEqual([])
})

test('no more than 10,000 events of a site are set aside: the rest goes on waiting', async () => {
  await tell(
    base.url,
    `insert into dead_letters (site, id, visitor, event, failure)
     select ${base.site.id}, n::text, 'somebody', '{}', 'why' from generate_series(1, 10000) as n`,
  )
  await expect(setAside(bad())).rejects.toThrow('10,000')
  expect(await aside()).toHaveLength(10_000)
})
