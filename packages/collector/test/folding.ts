import { sql } from 'kysely'
import type { AskedSite } from '../src/query/ask.ts'
import type { Database } from '../src/store/database.ts'
import { findSite, saveSite } from '../src/store/sites.ts'

/** One step of folding a site anew. */
export const refold = (database: Database, events_max: number) => sql`select refold(${events_max})`.execute(database)

/** Sets a site's clock, as an operator does. */
export const setClock = async (database: Database, { key }: AskedSite, time_zone: string): Promise<AskedSite> => {
  const site = await findSite(database, key)
  if (!site) throw new Error(`there is no site ${key}`)
  const { id, ...settings } = site
  return saveSite(database, { ...settings, time_zone })
}
