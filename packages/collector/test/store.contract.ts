import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import type { Database } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { storeEvents } from '../src/store/events.ts'
import { fold, foldAll } from '../src/store/fold.ts'
import { preparePartitions } from '../src/store/partitions.ts'
import { findSite } from '../src/store/sites.ts'
import { createToken, findGrant } from '../src/store/tokens.ts'
import { isUnavailable } from '../src/store/unavailable.ts'
import { golden, uuidv7 } from './batches.ts'
import { deliveryOf, row } from './deliveries.ts'

/** A door that was opened for a database, and what closes it. */
export type OpenDoor = (database_url: string) => Promise<{ database: Database; close: () => Promise<void> }>

const noon = new Date('2026-11-10T12:00:00Z')
const minutesAfter = (minutes: number, moment = noon) => new Date(moment.getTime() + minutes * 60_000)
const uuid = () => crypto.randomUUID()
const person = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`

/** What the store does, whichever door it is reached through. */
export const storeContract = (door: string, openDoor: OpenDoor) =>
  describe(`the store through ${door}`, () => {
    let base: Awaited<ReturnType<typeof migratedDatabase>>
    let opened: Awaited<ReturnType<OpenDoor>>
    let database: Database
    let site: number

    beforeAll(async () => {
      base = await migratedDatabase()
      opened = await openDoor(base.url)
      database = opened.database
      site = base.site.id
    })
    afterAll(async () => {
      await opened.close()
      await base.drop()
    })

    const stored = async () =>
      (await database.selectFrom('events').selectAll().where('site', '=', site).execute()).length
    const empty = async () => {
      for (const table of ['events', 'suppressions', 'refusals', 'counted_refusals', 'erasures'] as const)
        await database.deleteFrom(table).execute()
    }

    test('keeps every column of an event', async () => {
      const whole = row(site, noon, {
        kind: 'custom',
        known: true,
        session: golden().session ?? '',
        user: person(8),
        target: person(9),
        origin: {
          source: 'Google',
          referrer: 'www.google.com/',
          medium: 'm',
          campaign: 'c',
          term: 't',
          content: 'x',
          channel: 'Email',
        },
        action: { name: 'signup', method: null, endpoint: null, status: null, channel: null, currency: 'XAF' },
        place: { country: 'CM', region: 'Littoral', city: 'Douala' },
        duration_ms: 41,
        bytes: 5_000_000_000,
        engaged_ms: 12_000,
        scroll_percent: 80,
        amount: '4900.50',
        props: { plan: "l'été ✓", seats: 3, trial: false },
      })
      expect(await storeEvents(database, deliveryOf(whole))).toEqual([])
      const { rows } = await sql<Record<string, unknown>>`
        select e.*, e.bytes::text, e.amount::text, p.host, p.path, o.source, o.campaign, o.channel, a.name, a.currency, c.browser, l.city
        from events e
        join pages p on (p.site, p.id) = (e.site, e.page)
        join origins o on (o.site, o.id) = (e.site, e.origin)
        join actions a on (a.site, a.id) = (e.site, e.action)
        join clients c on (c.site, c.id) = (e.site, e.client)
        join places l on (l.site, l.id) = (e.site, e.place)
        where e.id = ${whole.id}
      `.execute(database)
      expect(rows).toMatchObject([
        {
          at: noon,
          kind: 'custom',
          visitor: whole.visitor,
          session: whole.session,
          user: whole.user,
          target: whole.target,
          known: true,
          skewed: false,
          host: 'shop.example',
          path: '/',
          source: 'Google',
          campaign: 'c',
          channel: 'Email',
          name: 'signup',
          currency: 'XAF',
          browser: 'Firefox',
          city: 'Douala',
          duration_ms: 41,
          bytes: '5000000000',
          engaged_ms: 12_000,
          scroll_percent: 80,
          amount: '4900.500000',
          props: { plan: "l'été ✓", seats: 3, trial: false },
        },
      ])
      await empty()
    })

    test('keeps a batch that comes five times at once, once', async () => {
      const batch = deliveryOf(...Array.from({ length: 50 }, (_, index) => row(site, minutesAfter(index))))
      const answers = await Promise.all(Array.from({ length: 5 }, () => storeEvents(database, batch)))
      expect(await stored()).toBe(50)
      expect(answers.map((outcomes) => outcomes.length).sort((a, b) => a - b)).toEqual([0, 50, 50, 50, 50])
      expect(answers.flat().every(({ outcome }) => outcome === 'duplicate')).toBe(true)
      await empty()
    })

    test('meets the twin of an event whose device clock is years off', async () => {
      const far = row(site, noon, { id: uuidv7(new Date('2031-01-01T00:00:00Z')) })
      await storeEvents(database, deliveryOf(far))
      await preparePartitions(database, new Date('2030-12-01T00:00:00Z'))
      expect(await storeEvents(database, deliveryOf(far))).toEqual([{ id: far.id, outcome: 'duplicate' }])
      const { rows } = await sql<{ skewed: boolean; part: string }>`
        select skewed, tableoid::regclass::text as part from events where id = ${far.id}
      `.execute(database)
      expect(rows).toEqual([{ skewed: true, part: 'events_2031_01_01' }])
      await empty()
    })

    test('keeps a visit that crosses midnight with its visitor', async () => {
      const midnight = new Date('2026-11-11T00:00:00Z')
      const after = (minutes: number) =>
        row(site, minutesAfter(minutes, midnight), { visitor: person(2), visitor_before: person(1) })
      await storeEvents(database, deliveryOf(row(site, minutesAfter(-10, midnight), { visitor: person(1) })))
      await storeEvents(database, deliveryOf(after(5), after(25)))
      const visitors = await database.selectFrom('events').select('visitor').distinct().execute()
      expect(visitors).toEqual([{ visitor: person(1) }])
      await empty()
    })

    test('begins the day with a new visitor where no visit was under way', async () => {
      const midnight = new Date('2026-11-11T00:00:00Z')
      await storeEvents(database, deliveryOf(row(site, minutesAfter(-40, midnight), { visitor: person(1) })))
      const early = row(site, minutesAfter(5, midnight), { visitor: person(2), visitor_before: person(1) })
      await storeEvents(database, deliveryOf(early))
      const found = await database.selectFrom('events').select('visitor').where('id', '=', early.id).execute()
      expect(found).toEqual([{ visitor: person(2) }])
      await empty()
    })

    test('forgets a visitor, and a late retry stays out', async () => {
      const kept = row(site, noon, { visitor: person(2) })
      const gone = [row(site, noon, { visitor: person(1) }), row(site, minutesAfter(1), { visitor: person(1) })]
      await storeEvents(database, deliveryOf(kept, ...gone))
      const asked = { site: base.site, subject: 'visitor' as const, subjects: [person(1)], asked_by: null }
      expect(await erase(database, asked)).toMatchObject({ site: 'demo', erased: { events: 2 }, suppressed: 1 })

      const late = row(site, minutesAfter(2), { visitor: person(1) })
      const outcomes = await storeEvents(database, deliveryOf(...gone, late))
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['forgotten', 'forgotten', 'forgotten'])
      expect(await database.selectFrom('events').select('visitor').execute()).toEqual([{ visitor: person(2) }])
      expect(await database.selectFrom('refusals').select(['reason', 'count']).execute()).toEqual([
        { reason: 'forgotten', count: '3' },
      ])
      expect(await erase(database, asked)).toMatchObject({ erased: { events: 0 } })
      await empty()
    })

    test('forgets a user with what their own devices did before they signed in, and nobody else', async () => {
      const own = row(site, noon, { visitor: person(1), known: true })
      const signed_in = row(site, minutesAfter(1), { visitor: person(1), known: true, user: person(8) })
      const shared = row(site, noon, { visitor: person(3), known: true, user: person(8) })
      const others = row(site, noon, { visitor: person(3), known: true, user: person(9) })
      await storeEvents(database, deliveryOf(own, signed_in, shared, others))
      const asked = { site: base.site, subject: 'user' as const, subjects: [person(8)], asked_by: null }
      expect(await erase(database, asked)).toMatchObject({ erased: { events: 3 }, suppressed: 2 })
      expect(await database.selectFrom('events').select('id').execute()).toEqual([{ id: others.id }])
      await empty()
    })

    test('leaves nothing of a person who is forgotten while their events pour in', async () => {
      const pour = async () => {
        for (let round = 0; round < 20; round++)
          await storeEvents(database, deliveryOf(row(site, minutesAfter(round), { visitor: person(1) })))
      }
      const asked = { site: base.site, subject: 'visitor' as const, subjects: [person(1)], asked_by: null }
      await Promise.all([pour(), pour(), pour(), erase(database, asked), pour()])
      expect(await stored()).toBe(0)
      await empty()
    })

    test('folds each event into the rollups once, while more pour in and others fold too', async () => {
      const pour = async (visitor: string) => {
        for (let round = 0; round < 15; round++) {
          await storeEvents(database, deliveryOf(row(site, minutesAfter(round), { visitor })))
          await fold(database, 5)
        }
      }
      await Promise.all([1, 2, 3, 4].map((digit) => pour(person(digit))))
      // A fold takes what was stored by transactions that ended before all that are under way, in any database.
      await vi.waitFor(
        async () => {
          await foldAll(database, { pace_ms: 1_000, events_max: 20, steps_max: 10 })
          const rolled = await sql`
            select events::integer, visits::integer, unseen from rollups where dimension = 'total'
          `.execute(database)
          expect(rolled.rows).toEqual([{ events: 60, visits: 4, unseen: [4] }])
        },
        { timeout: 10_000, interval: 50 },
      )
      await erase(database, { site: base.site, subject: 'visitor', subjects: [person(1)], asked_by: null })
      const { rows } = await sql`select events::integer, unseen from rollups where dimension = 'total'`.execute(
        database,
      )
      expect(rows).toEqual([{ events: 45, unseen: [3] }])
      await sql`delete from rollups`.execute(database)
      await empty()
    })

    test('counts what was turned away, each delivery once, however often, in which parts and with whom it comes', async () => {
      const refusedBy = (delivery: string) => [
        { site, day: '2026-11-10', reason: 'bot', count: 2, delivery },
        { site, day: '2026-11-10', reason: 'too_old', count: 1, delivery },
      ]
      const [first, second, third] = [refusedBy(uuid()), refusedBy(uuid()), refusedBy(uuid())]
      await storeEvents(database, { events: [row(site, noon)], refused: first })
      await storeEvents(database, { events: [], refused: [...first, ...second] })
      await Promise.all([1, 2, 3].map(() => storeEvents(database, { events: [], refused: second })))
      for (const part of [...third, ...third]) await storeEvents(database, { events: [], refused: [part] })
      const { rows } = await sql`select reason, count from refusals order by reason`.execute(database)
      expect(rows).toEqual([
        { reason: 'bot', count: '6' },
        { reason: 'too_old', count: '3' },
      ])
      await empty()
    })

    test('counts an event of somebody forgotten once, however late it is and often it comes', async () => {
      await erase(database, { site: base.site, subject: 'visitor', subjects: [person(1)], asked_by: null })
      const late = row(site, minutesAfter(-20 * 24 * 60, new Date()), { visitor: person(1), known: true })
      for (let time = 0; time < 3; time++) await storeEvents(database, deliveryOf(late))
      const { rows } = await sql`select reason, count from refusals`.execute(database)
      expect(rows).toEqual([{ reason: 'forgotten', count: '1' }])
      await empty()
    })

    test('forgets what it counted refusals for eight days later', async () => {
      const refuse = (times: number) =>
        storeEvents(database, {
          events: [],
          refused: Array.from({ length: times }, () => ({
            site,
            day: '2026-11-10',
            reason: 'bot',
            count: 1,
            delivery: uuid(),
          })),
        })
      await refuse(40)
      await sql`update counted_refusals set at = now() - interval '8 days 1 minute'`.execute(database)
      await refuse(1)
      const { rows } = await sql`select at > now() - interval '1 minute' as recent from counted_refusals`.execute(
        database,
      )
      expect(rows).toEqual([{ recent: true }])
      await empty()
    })

    test('counts as it did for a Worker from before deliveries had names', async () => {
      const refused = [{ site, day: '2026-11-10', reason: 'bot', count: 2 }]
      const batch = JSON.stringify({
        events: {},
        pages: [],
        origins: [],
        actions: [],
        clients: [],
        places: [],
        refused,
      })
      for (let time = 0; time < 2; time++) await sql`select * from store_events(${batch}::json)`.execute(database)
      const { rows } = await sql`select reason, count from refusals`.execute(database)
      expect(rows).toEqual([{ reason: 'bot', count: '4' }])
      await empty()
    })

    test('stores nothing of a delivery that holds one impossible row, and says it would fail again', async () => {
      const impossible = row(site, noon, { session: 'no uuid' })
      const failure = await storeEvents(database, deliveryOf(row(site, noon), impossible)).catch((error) => error)
      expect(failure).toBeInstanceOf(Error)
      expect(isUnavailable(failure)).toBe(false)
      expect(await stored()).toBe(0)
    })

    test('finds a site by its key and a token by its text, which it does not hold', async () => {
      expect(await findSite(database, 'demo')).toEqual(base.site)
      expect(await findSite(database, 'nobody')).toBeNull()
      const token = await createToken(database, { site, scopes: ['query'], label: 'test' })
      expect(await findGrant(database, token)).toMatchObject({ site, scopes: ['query'] })
      expect(await findGrant(database, `${token}x`)).toBeNull()
      const { rows } = await sql<{ kept: string }>`select tokens::text as kept from tokens`.execute(database)
      expect(rows[0]?.kept).not.toContain(token.slice(4))
    })
  })
