import { setTimeout as sleep } from 'node:timers/promises'
import { being_made_anew, checkRollups } from '@balise/collector/store/check-rollups'
import { foldAll } from '@balise/collector/store/fold'
import { askRefold, isRefolded } from '@balise/collector/store/refold'
import { type Databases, withDoors } from './databases.ts'
import { sitesOf } from './sites.ts'

/** Statements of a second or so, as the collector's own. */
const folding = { pace_ms: 1_000, events_max: 50_000, steps_max: 25 }
const rest_ms = 200

/**
 * Makes the rollups of one site, or of all, anew from raw events, in bounded steps. Answers stay exact meanwhile. Where it
 * is interrupted, the collector's clock goes on with it.
 */
export const rebuildRollups = (databases: Databases, key?: string): Promise<string> =>
  withDoors(databases, async (doors) => {
    const sites = await sitesOf(doors, key)
    for (const { database, id } of sites) await askRefold(database, id)
    for (const { database, id } of sites) {
      while (await isRefolded(database, id)) {
        await foldAll(database, folding)
        await sleep(rest_ms)
      }
    }
    return `rollups made anew: ${namesOf(sites)}`
  })

/**
 * Proves that the rollups of one site, or of all, equal a count over raw events. Throws where they do not, and names the
 * first difference. `tell` is given a line of progress now and then: a site of millions takes minutes.
 */
export const checkAllRollups = (databases: Databases, key?: string, tell = (_line: string) => {}): Promise<string> =>
  withDoors(databases, async (doors) => {
    const sites = await sitesOf(doors, key)
    for (const site of sites) {
      const difference = await checkRollups(site.database, site.id, {
        tell: (visitors) => tell(`site ${site.key}: ${visitors} visitors counted anew`),
      })
      if (difference === being_made_anew)
        throw new Error(`site ${site.key}: its rollups are just being made anew. Ask again later.`)
      if (!difference) continue
      const { dimension, day, value, rolled_up, counted } = difference
      throw new Error(
        `site ${site.key}: ${dimension} "${value}" on ${day}: rollups hold ${JSON.stringify(rolled_up)}, ` +
          `raw events give ${JSON.stringify(counted)}. Mend it: balise rollups rebuild --site ${site.key}`,
      )
    }
    return `rollups equal raw events: ${namesOf(sites)}`
  })

const namesOf = (sites: { key: string }[]): string => sites.map(({ key }) => key).join(', ') || 'there are no sites'
