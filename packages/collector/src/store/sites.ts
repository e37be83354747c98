import { type Selectable, sql } from 'kysely'
import type { Site } from '../ingest/hit.ts'
import type { Database, Tables } from './database.ts'

const columns = [
  'id',
  'key',
  'time_zone',
  'hosts',
  'bots',
  'events_per_day_max',
  sql<string | null>`raw_from::text`.as('raw_from'),
] as const

/** A site as one database knows it. `lives_on` names the database that holds it; `null`: this one does. */
export type LocatedSite = { site: Site; lives_on: string | null; arrives: boolean }

/** What one database knows of the site that has this public key, or this id. */
export const locateSite = async (
  database: Database,
  by: { key: string } | { id: number },
): Promise<LocatedSite | null> => {
  const [column, value] = 'key' in by ? (['key', by.key] as const) : (['id', by.id] as const)
  const row = await database
    .selectFrom('sites')
    .select([...columns, 'lives_on', 'arrives'])
    .where(column, '=', value)
    .executeTakeFirst()
  if (!row) return null
  const { lives_on, arrives, ...site } = row
  return { site: siteOf(site), lives_on, arrives }
}

/** The site that has this public key. */
export const findSite = async (database: Database, key: string): Promise<Site | null> =>
  (await locateSite(database, { key }))?.site ?? null

/** A site's key, and what is said of it. */
export type SiteSettings = { key: string } & { [Setting in keyof Omit<Site, 'id' | 'key'>]?: Site[Setting] | undefined }

/**
 * Makes a site, or changes the one that has this key. What is not said stays as it is; of a new one, as the table has it by
 * default. A new one lives on `lives_on`; `null`: on this database.
 */
export const saveSite = async (
  database: Database,
  site: SiteSettings,
  lives_on: string | null = null,
): Promise<Site> => {
  const { raw_from: _, ...said } = site
  const row = await database
    .insertInto('sites')
    .values({ lives_on, ...said })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(said))
    .returning(columns)
    .executeTakeFirstOrThrow()
  return siteOf(row)
}

/** Makes a site that the home database has an id for on the database that it lives on, or changes it there. */
export const saveSiteThere = async (database: Database, { id, key, ...settings }: Site): Promise<void> => {
  const { time_zone, hosts, bots, events_per_day_max } = settings
  await sql`
    insert into sites (id, key, time_zone, hosts, bots, events_per_day_max) overriding system value
    values (${id}, ${key}, ${time_zone}, ${hosts}, ${bots}, ${events_per_day_max})
    on conflict (id) do update set time_zone = excluded.time_zone, hosts = excluded.hosts, bots = excluded.bots,
      events_per_day_max = excluded.events_per_day_max
  `.execute(database)
}

/** Ends a move that has come to this database from the one that is named. */
export const arrive = async (database: Database, site: number, left_from: string): Promise<void> => {
  await sql`select arrive(${site}, ${left_from})`.execute(database)
}

type Row = Pick<Selectable<Tables['sites']>, Extract<(typeof columns)[number], string>> & { raw_from: string | null }

const siteOf = ({ events_per_day_max, raw_from, ...row }: Row): Site => ({
  ...row,
  ...(raw_from !== null && { raw_from }),
  events_per_day_max: events_per_day_max === null ? null : Number(events_per_day_max),
})
