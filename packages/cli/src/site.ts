import { saveSite } from '@balise/collector/store/sites'
import { z } from 'zod'
import { withDatabase } from './with-database.ts'

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

/** Makes a site, or changes the one that has this key. Throws a ZodError that names what is wrong. */
export const saveSiteAs = async (database_url: string, settings: z.input<typeof siteSettings>) => {
  const site = siteSettings.parse(settings)
  return withDatabase(database_url, (database) => saveSite(database, site))
}
