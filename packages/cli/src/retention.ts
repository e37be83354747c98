import { retentionOf, setRetention } from '@balise/collector/store/retention'
import { type Databases, withDoors } from './databases.ts'
import { locate } from './locate.ts'

/** What an operator says of how long a site keeps what: `null` for ever. What is left out stays as it is. */
export type RetentionSettings = { key: string; months?: number | null; sums?: 'keep' | 'drop' }

/** Sets how long a site keeps raw events, and whether rollups outlive them. */
export const retainAs = (databases: Databases, { key, months, sums }: RetentionSettings): Promise<string> =>
  withDoors(databases, async (doors) => {
    const { database, id } = await locate(doors, key)
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
