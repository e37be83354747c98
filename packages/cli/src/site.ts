import type { Site } from '@balise/collector/ingest/hit'
import { createPlacement, home } from '@balise/collector/store/placement'
import { type SiteSettings, saveSite, saveSiteThere } from '@balise/collector/store/sites'
import { withDoors } from './databases.ts'

const key_shape = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Where a new site is to live: on one of these databases, by name. Unset: at home. */
export type Elsewhere = { others?: Record<string, string>; database?: string | undefined }

/**
 * Makes a site, or changes the one that has this key, at home and where it lives. What is left out of `site` stays as it is,
 * and is the default for a new one.
 */
export const saveSiteAs = async (
  database_url: string,
  site: SiteSettings,
  { others = {}, database }: Elsewhere = {},
): Promise<Site> => {
  if (!key_shape.test(site.key))
    throw new Error(
      `"${site.key}" is no key: small letters and digits, and after the first also . _ and -; 64 at most.`,
    )

  return withDoors({ ...others, home: database_url }, async (doors) => {
    const { doorNamed, findSite, nameOf } = createPlacement(doors)
    const known = await findSite(site.key)
    const name = known ? await nameOf(known.id) : (database ?? home)
    if (database && database !== name)
      throw new Error(
        `The site "${site.key}" lives on "${name}". Move it: balise site move ${site.key} --to ${database}`,
      )

    const there = doorNamed(name).database // a database that nobody has named is found out before anything is made
    const saved = await saveSite(doorNamed(home).database, site, name === home ? null : name)
    if (name !== home) await saveSiteThere(there, saved)
    return saved
  })
}
