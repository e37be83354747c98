import { type Question, query } from '@balise/shared/stats/query'
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

/** See {@link openWorld}. */
export type World = Awaited<ReturnType<typeof openWorld>>

/** A database in which each test settles sites of its own, with events stored as ingest stores them. */
export const openWorld = async () => {
  const { url, drop } = await migratedDatabase()
  const database = openPostgres({ url, connections_max: 4, statement_ms_max: 20_000, onIdleError: () => {} })
  let sites = 0

  const settle = async (time_zone: string, events: EventRow[]): Promise<AskedSite> => {
    sites += 1
    const site = await saveSite(database, { key: `site-${sites}`, time_zone, hosts: [], bots: 'refuse' })
    await storeEvents(database, { events: events.map((event) => ({ ...event, site: site.id })), refused: [] })
    return site
  }

  const answer = async (site: AskedSite, asked: Asked, now: Date) => {
    const answered = await ask(database, site, questionTo(site, asked), now)
    if ('errors' in answered) throw new Error(`refused: ${JSON.stringify(answered.errors)}`)
    return answered
  }

  const close = async () => {
    await database.destroy()
    await drop()
  }

  return { url, database, settle, answer, close }
}
