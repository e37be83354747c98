import { createPlacement, home } from '@balise/collector/store/placement'
import { saveSite, saveSiteThere } from '@balise/collector/store/sites'
import { z } from 'zod'
import { withDoors } from './databases.ts'

const isTimeZone = (name: string) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** What an operator says of a site. */
export const siteSettings = z.strictObject({
  key: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'small letters, digits, dots, dashes; at most 64'),
  time_zone: z.string().refine(isTimeZone, 'an IANA time zone, like Africa/Douala').default('UTC'),
  hosts: z.array(z.hostname()).max(100).default([]),
  events_per_day_max: z.int().min(0).nullable().default(null),
  bots: z.enum(['refuse', 'count']).default('refuse'),
})

/** Where a new site is to live: on one of these databases, by name. Unset: at home. */
export type Elsewhere = { others?: Record<string, string>; database?: string | undefined }

/**
 * Makes a site, or changes the one that has this key, at home and where it lives. Throws a ZodError that names what is
 * wrong.
 */
export const saveSiteAs = async (
  database_url: string,
  settings: z.input<typeof siteSettings>,
  { others = {}, database }: Elsewhere = {},
) => {
  const site = siteSettings.parse(settings)
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
