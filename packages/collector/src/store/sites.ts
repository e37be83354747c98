import type { Selectable } from 'kysely'
import type { Site } from '../ingest/hit.ts'
import type { Database, Tables } from './database.ts'

const columns = ['id', 'key', 'time_zone', 'hosts', 'bots', 'events_per_day_max'] as const

/** The site that has this public key. */
export const findSite = async (database: Database, key: string): Promise<Site | null> => {
  const row = await database.selectFrom('sites').select(columns).where('key', '=', key).executeTakeFirst()
  return row ? siteOf(row) : null
}

/** Makes a site, or changes the one that has this key. */
export const saveSite = async (database: Database, site: Omit<Site, 'id'>): Promise<Site> => {
  const { key, ...settings } = site
  const row = await database
    .insertInto('sites')
    .values({ key, ...settings })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(settings))
    .returning(columns)
    .executeTakeFirstOrThrow()
  return siteOf(row)
}

type Row = Pick<Selectable<Tables['sites']>, (typeof columns)[number]>

const siteOf = ({ events_per_day_max, ...row }: Row): Site => ({
  ...row,
  events_per_day_max: events_per_day_max === null ? null : Number(events_per_day_max),
})
