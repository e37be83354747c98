import { deadLettersOf, retryDeadLetters } from '@balise/collector/store/dead-letters'
import { type Databases, withDoors } from './databases.ts'
import { sitesOf } from './sites.ts'

/** Tells what of one site, or of all, was set aside because its database would not have it, and why, a line each. */
export const listDeadLetters = (databases: Databases, key?: string): Promise<string[]> =>
  withDoors(databases, async (doors) => {
    const told: string[] = []
    for (const site of await sitesOf(doors, key))
      for (const { failure, events, since } of await deadLettersOf(site.database, site.id))
        told.push(`site ${site.key}: ${counted(events)} since ${since.toISOString()}: ${failure}`)
    return told
  })

/** Tries again what of one site, or of all, was set aside, and tells a line for each site that had any. */
export const retryAllDeadLetters = (databases: Databases, key?: string): Promise<string[]> =>
  withDoors(databases, async (doors) => {
    const told: string[] = []
    for (const site of await sitesOf(doors, key)) {
      const { stored, refused, left } = await retryDeadLetters(site.database, site.id)
      if (stored + refused + left > 0)
        told.push(`site ${site.key}: ${counted(stored)} stored, ${refused} refused, ${left} still set aside`)
    }
    return told
  })

const counted = (events: number): string => (events === 1 ? '1 event' : `${events} events`)
