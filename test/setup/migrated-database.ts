import { migrate } from '../../packages/cli/src/migrate.ts'
import { saveSiteAs } from '../../packages/cli/src/site.ts'
import { freshDatabase } from './database.ts'

/** A database of its own with Balise's schema and one site, `demo`, on `time_zone`'s clock, that refuses bots. */
export const migratedDatabase = async (time_zone = 'UTC') => {
  const { url, drop } = await freshDatabase()
  await migrate({ database_url: url })
  const site = await saveSiteAs(url, { key: 'demo', time_zone })
  return { url, drop, site }
}
