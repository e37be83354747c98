import type { Database } from '@balise/collector/store/database'
import type { Doors } from '@balise/collector/store/placement'

/** All sites, or the one of this key, each with the database that it lives on. Throws where nobody has the key. */
export const sitesOf = async (doors: Doors, key: string | undefined) => {
  const all: { database: Database; id: number; key: string }[] = []
  for (const { database } of doors.values()) {
    const here = await database.selectFrom('sites').select(['id', 'key']).where('lives_on', 'is', null).execute()
    all.push(...here.map((site) => ({ database, ...site })))
  }
  const sites = all.filter((site) => key === undefined || site.key === key).toSorted((a, b) => (a.key < b.key ? -1 : 1))
  if (key !== undefined && sites.length === 0) throw new Error(`There is no site "${key}".`)
  return sites
}
