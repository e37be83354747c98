import { migrate } from '../../packages/cli/src/migrate.ts'
import { saveSiteAs } from '../../packages/cli/src/site.ts'
import { freshDatabase } from './database.ts'

/**
 * Two migrated databases: home, which knows the site `demo`, and `eu2`, on which it lives if `demo_on` says so.
 */
export const twoDatabases = async ({ demo_on = 'home', time_zone = 'UTC' } = {}) => {
  const [home, eu2] = [await freshDatabase(), await freshDatabase()]
  for (const { url } of [home, eu2]) await migrate({ database_url: url })
  const others = { eu2: eu2.url }
  const site = await saveSiteAs(home.url, { key: 'demo', time_zone }, { others, database: demo_on })
  return {
    databases: { home: home.url, eu2: eu2.url },
    site,
    drop: async (): Promise<void> => {
      await home.drop()
      await eu2.drop()
    },
  }
}
