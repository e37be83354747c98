import { type Question, query } from '@balise/shared/stats/query'
import { test as plain } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import type { EventRow } from '../src/ingest/row.ts'
import { type AskedSite, ask } from '../src/query/ask.ts'
import { storeEvents } from '../src/store/events.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { saveSite } from '../src/store/sites.ts'

/** A question as tests write it: the site is told beside it. */
export type Asked = Omit<Question, 'site'>

/** A question to a site, with its defaults filled in. */
export const questionTo = (site: AskedSite, asked: Asked) => query.parse({ site: site.key, ...asked })

/** A database in which each test settles sites of its own. */
export type World = Awaited<ReturnType<typeof openWorld>>

/** `settle` makes a site with events and `store` adds more, as ingest does; `answer` asks about one, and throws where it is refused. */
const openWorld = async (statement_ms_max: number) => {
  const { url, drop } = await migratedDatabase()
  const database = openPostgres({ url, connections_max: 4, statement_ms_max, onBreak: () => {} })
  let sites = 0

  const settle = async (time_zone: string, events: EventRow[]): Promise<AskedSite> => {
    sites += 1
    const site = await saveSite(database, {
      key: `site-${sites}`,
      time_zone,
      hosts: [],
      bots: 'refuse',
      events_per_day_max: null,
    })
    await store(site, events)
    return site
  }

  const store = (site: AskedSite, events: EventRow[]) =>
    storeEvents(database, { events: events.map((event) => ({ ...event, site: site.id })), refused: [] })

  const answer = async (site: AskedSite, asked: Asked, now: Date) => {
    const answered = await ask(database, site, questionTo(site, asked), now)
    if ('errors' in answered) throw new Error(`refused: ${JSON.stringify(answered.errors)}`)
    return answered
  }

  const close = async () => {
    await database.destroy()
    await drop()
  }

  return { url, database, settle, store, answer, close }
}

/** A test that is given a `world`: one for all tests of its file. */
export const test = plain
  .extend('statement_ms_max', { scope: 'file' }, 20_000)
  .extend('world', { scope: 'file' }, async ({ statement_ms_max }, { onCleanup }) => {
    const world = await openWorld(statement_ms_max)
    onCleanup(world.close)
    return world
  })
