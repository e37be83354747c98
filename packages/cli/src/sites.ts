import type { Doors } from '@balise/collector/store/placement'
import { type Located, locate } from './locate.ts'

/** All sites, or the one of this key, each with the database that it lives on. Throws where nobody has the key. */
export const sitesOf = async (doors: Doors, key: string | undefined): Promise<Located[]> => {
  if (key !== undefined) return [await locate(doors, key)]
  const all: Located[] = []
  for (const { database } of doors.values()) {
    const here = await database.selectFrom('sites').select(['id', 'key']).where('lives_on', 'is', null).execute()
    all.push(...here.map((site) => ({ database, ...site })))
  }
  return all.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
