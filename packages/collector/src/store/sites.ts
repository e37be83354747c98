import type { Site } from '../ingest/hit.ts'
import type { Database } from './database.ts'

/** The site that has this public key. */
export const findSite = async (database: Database, key: string): Promise<Site | null> => {
  const site = await database
    .selectFrom('sites')
    .select(['id', 'key', 'time_zone', 'hosts', 'bots'])
    .where('key', '=', key)
    .executeTakeFirst()
  return site ?? null
}

/** Makes a site, or changes the one that has this key. */
export const saveSite = async (database: Database, site: Omit<Site, 'id'>): Promise<Site> =>
  database
    .insertInto('sites')
    .values(site)
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({ time_zone: site.time_zone, hosts: site.hosts, bots: site.bots }),
    )
    .returning(['id', 'key', 'time_zone', 'hosts', 'bots'])
    .executeTakeFirstOrThrow()
