import type { Database } from '@balise/collector/store/database'
import { createPlacement, type Doors } from '@balise/collector/store/placement'

/** A site's id, and the database that it lives on. */
export type Located = { database: Database; id: number; key: string }

/** Finds the site of this key where it lives. Throws where nobody has the key, or the database has no name here. */
export const locate = async (doors: Doors, key: string): Promise<Located> => {
  const { doorNamed, findSite, nameOf } = createPlacement(doors)
  const site = await findSite(key)
  if (!site) throw new Error(`There is no site "${key}". Make it: balise site add ${key}`)
  const { database } = doorNamed(await nameOf(site.id))
  return { database, id: site.id, key }
}
