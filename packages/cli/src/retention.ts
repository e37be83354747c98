import type { Doors } from '@balise/collector/store/placement'
import { retentionOf, setRetention } from '@balise/collector/store/retention'
import { z } from 'zod'
import { type Databases, withDoors } from './databases.ts'

/** What an operator says of how long a site keeps what. What is left out stays as it is. */
const retentionSettings = z.strictObject({
  key: z.string(),
  months: z.union([z.literal('all').transform(() => null), z.coerce.number().int().min(1).max(120)]).optional(),
  sums: z.enum(['keep', 'drop']).optional(),
})

/** Sets how long a site keeps raw events, and whether rollups outlive them. Throws a ZodError that names what is wrong. */
export const retainAs = async (databases: Databases, settings: z.input<typeof retentionSettings>): Promise<string> => {
  const { key, months, sums } = retentionSettings.parse(settings)
  return withDoors(databases, async (doors) => {
    const { database, id } = await whereItLives(doors, key)
    const was = await retentionOf(database, id)
    const retention = {
      site: id,
      months: months === undefined ? was.months : months,
      keeps_sums: sums === undefined ? was.keeps_sums : sums === 'keep',
    }
    await setRetention(database, retention)
    const kept = retention.months === null ? 'for ever' : `for ${retention.months} months`
    return `site ${key}: raw events are kept ${kept}, sums ${retention.keeps_sums ? 'for ever' : 'as long'}`
  })
}

const whereItLives = async (doors: Doors, key: string) => {
  for (const { database } of doors.values()) {
    const sites = database.selectFrom('sites').select('id').where('key', '=', key).where('lives_on', 'is', null)
    const site = await sites.executeTakeFirst()
    if (site) return { database, id: site.id }
  }
  throw new Error(`There is no site "${key}". Make it: balise site add ${key}`)
}
