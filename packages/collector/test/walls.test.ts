import { randomUUID } from 'node:crypto'
import { createGateway } from '@balise/neon-gateway'
import { answer as answerShape } from '@balise/shared/stats/answer'
import { accepted } from '@balise/shared/wire/reply'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freshDatabase } from '../../../test/setup/database.ts'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { startNode } from '../../../test/setup/platforms.ts'
import { migrate } from '../../cli/src/migrate.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { createTokenFor } from '../../cli/src/token.ts'
import type { Site } from '../src/ingest/hit.ts'
import type { Door } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { storeEvents } from '../src/store/events.ts'
import { foldAll } from '../src/store/fold.ts'
import { openNeonDoor } from '../src/store/neon.ts'
import { openPostgresDoor } from '../src/store/postgres.ts'
import { deliveryOf, row } from './deliveries.ts'
import { batchOf, send, tell } from './faults-world.ts'

/** Every table that holds something of a site but tokens, which no question reads. */
const siteTables = `
  select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid
  where attname = 'site' and relkind in ('r', 'p') and not relispartition and relname <> 'tokens'
    and relnamespace = 'public'::regnamespace
  order by relname`

describe('the wall between sites', { timeout: 120_000 }, () => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  let neighbour: Site
  let gateway: Awaited<ReturnType<typeof createGateway>>
  const doors = new Map<string, Door>()

  beforeAll(async () => {
    base = await migratedDatabase()
    neighbour = await saveSiteAs(base.url, { key: 'neighbour' })
    gateway = await createGateway({ database_url: base.url })
    const options = { url: base.url, connections_max: 2, statement_ms_max: 10_000, onBreak: () => {} }
    doors.set("Postgres' own protocol", openPostgresDoor(options))
    doors.set("Neon's HTTP", openNeonDoor({ url: base.url, endpoint: `${gateway.url}/sql` }))

    const { database } = doorThrough("Postgres' own protocol")
    const person = '00000000-0000-4000-8000-000000000009'
    for (const { id, key } of [base.site, neighbour]) {
      const traits = {
        origin: {
          source: 'Google',
          referrer: null,
          medium: null,
          campaign: null,
          term: null,
          content: null,
          channel: null,
        },
        action: { name: key, method: null, endpoint: null, status: null, channel: null, currency: null },
        place: { country: 'CM', region: null, city: null },
      }
      await storeEvents(database, {
        ...deliveryOf(row(id, new Date(), traits)),
        refused: [{ site: id, day: '2026-11-10', reason: 'bot', count: 1, delivery: randomUUID() }],
      })
      await erase(database, { site: { id, key }, subject: 'visitor', subjects: [person], asked_by: null })
    }
    // A fold takes what was stored by transactions that ended before all that are under way, in any database.
    await vi.waitFor(
      async () => {
        await foldAll(database, { pace_ms: 1_000, events_max: 1_000, steps_max: 10 })
        const { rows } = await sql`select distinct site from rollups`.execute(database)
        expect(rows.length).toBe(2)
      },
      { timeout: 20_000, interval: 100 },
    )
  })
  afterAll(async () => {
    for (const door of doors.values()) await door.close()
    await gateway.close()
    await base.drop()
  })

  const doorThrough = (name: string): Door => {
    const door = doors.get(name)
    if (!door) throw new Error(`no door is called ${name}`)
    return door
  }

  test.each(["Postgres' own protocol", "Neon's HTTP"])(
    'shows a statement that forgot its site nothing of a neighbour, through %s',
    async (name) => {
      const own = doorThrough(name).asSite(base.site.id)
      const seen = new Set<string>()
      for (const table of await tell<{ name: string }>(base.url, siteTables)) {
        const { rows } = await sql<{ site: number }>`select distinct site from ${sql.table(table.name)}`.execute(own)
        expect([[], [{ site: base.site.id }]], table.name).toContainEqual(rows)
        if (rows.length > 0) seen.add(table.name)
      }
      for (const table of [
        'events',
        'pages',
        'origins',
        'actions',
        'clients',
        'places',
        'rollups',
        'refusals',
        'erasures',
      ])
        expect(seen, table).toContain(table)
      const { rows } = await sql`select key from sites`.execute(own)
      expect(rows).toEqual([{ key: 'demo' }])
    },
  )

  test.each(["Postgres' own protocol", "Neon's HTTP"])(
    'stands between a question and every token, through %s',
    (name) =>
      expect(sql`select from tokens`.execute(doorThrough(name).asSite(base.site.id))).rejects.toThrow(
        'permission denied',
      ),
  )

  test('lets nobody write who asks about a site', () =>
    expect(
      sql`delete from events where site = ${base.site.id}`.execute(
        doorThrough("Postgres' own protocol").asSite(base.site.id),
      ),
    ).rejects.toThrow('read-only transaction'))

  test('is down again for whoever comes next on the same connection', async () => {
    const { database, asSite } = doorThrough("Postgres' own protocol")
    await sql`select from events`.execute(asSite(base.site.id))
    const { rows } = await sql`select distinct site from events order by site`.execute(database)
    expect(rows).toEqual([{ site: base.site.id }, { site: neighbour.id }])
  })

  test('holds a collector whose login owns nothing, and lets it do its work', async () => {
    const login = `collector_${base.site.key}_${Date.now()}`
    await tell(base.url, `create role ${login} login password 'secret' in role balise_collector`)
    const url = new URL(base.url)
    url.username = login
    url.password = 'secret'
    for (const { name } of await tell<{ name: string }>(base.url, siteTables))
      expect(await tell(url.href, `select from ${name}`).catch(() => []), name).toEqual([])

    const token = await createTokenFor(base.url, { site: 'demo', scopes: ['query', 'privacy'], label: 'test' })
    const node = await startNode({ database_url: url.href })
    const post = (path: string, body: object) =>
      fetch(node.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ site: 'demo', ...body }),
      })
    const events = async () => {
      const response = await post('/v1/query', { date_range: 'day', metrics: ['events'] })
      return answerShape.parse(await response.json()).results[0]?.metrics[0]
    }
    expect(accepted.parse(await (await send(node.url, batchOf(3)))?.json())).toMatchObject({ accepted: 3 })
    expect(await events()).toBe(4)
    expect((await post('/v1/privacy/erasures', { user: 'amina' })).status).toBe(200)
    expect(await (await fetch(`${node.url}/health`)).json()).toMatchObject({ ok: true })
    const foldedTo = async () =>
      (await tell<{ upto: number }>(base.url, 'select upto::int as upto from folds'))[0]?.upto
    const before = await foldedTo()
    await vi.waitFor(async () => expect(await foldedTo()).toBeGreaterThan(before ?? 0), {
      timeout: 30_000,
      interval: 200,
    })
    expect(await events()).toBe(4)
    await node.stop()
    await tell(base.url, `drop owned by ${login}; drop role ${login}`)
  })

  test('is not raised by a user who may not make roles: migrating says so', async () => {
    const login = `plain_${Date.now()}`
    const own = await freshDatabase()
    await tell(own.url, `create role ${login} login password 'secret'`)
    await tell(own.url, `alter database ${new URL(own.url).pathname.slice(1)} owner to ${login}`)
    const url = new URL(own.url)
    url.username = login
    url.password = 'secret'
    expect(await migrate({ database_url: url.href })).toMatchObject({ walled: false })
    await tell(own.url, `grant balise_site to ${login}`)
    expect(await migrate({ database_url: url.href })).toEqual({ applied: [], walled: true })
    await own.drop()
    await tell(base.url, `drop role ${login}`)
  })
})
