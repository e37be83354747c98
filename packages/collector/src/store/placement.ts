import type { Site } from '../ingest/hit.ts'
import type { Door } from './database.ts'
import { livesElsewhere } from './elsewhere.ts'
import { arrive, locateSite } from './sites.ts'

/** The database that knows every site and every token. The others have names of the operator's. */
export const home = 'home'

/** All databases of a collector, by name, `home` among them. */
export type Doors = ReadonlyMap<string, Door>

const places_max = 50_000
/** A move leaves a trace at home when it is through: so a longer chain is a circle. */
const hops_max = 4

/** A place cannot be told now: an operator's act is missing, or a move is being ended. */
class PlaceUnknown extends Error {
  readonly code = '57M03'
}

/** A site that nobody made, or that is no more. It will never have a place. */
export class NoSuchSite extends Error {
  readonly code = '23503' // foreign_key_violation
  constructor(site: number) {
    super(`there is no site ${site}`)
  }
}

/**
 * Where sites live. What was found once is believed until a database refuses an act because the site lives elsewhere:
 * databases know that themselves (`migrations/0008_placement.sql`), so nothing has to be asked twice.
 */
export const createPlacement = (doors: Doors) => {
  const places = new Map<number, string>()

  const doorNamed = (name: string): Door => {
    const door = doors.get(name)
    if (!door) throw new PlaceUnknown(`a site lives on the database "${name}", which DATABASES does not name`)
    return door
  }

  /** From what one database says to where the site is, and how it is set there. */
  const follow = async (by: { key: string } | { id: number }, name: string, hops = 0): Promise<Found | null> => {
    if (hops > hops_max) throw new PlaceUnknown('a site is said to live on databases in a circle')
    const located = await locateSite(doorNamed(name).database, by)
    if (!located) return null
    const { site, lives_on } = located
    if (lives_on === null) return { name, site }
    await endMove(site.id, name, lives_on)
    return follow({ id: site.id }, lives_on, hops + 1)
  }

  /** Who moved the site may have died after the old place let go of it, and before the new one took it. */
  const endMove = async (id: number, from: string, to: string): Promise<void> => {
    const { database } = doorNamed(to)
    const next = await locateSite(database, { id })
    if (!next?.arrives || next.lives_on !== from) return
    const last = await locateSite(doorNamed(from).database, { id })
    if (last?.lives_on === to && !last.arrives) await arrive(database, id, from)
  }

  const remember = ({ name, site }: Found): void => {
    if (places.size >= places_max) places.clear()
    places.set(site.id, name)
  }

  const nameOf = async (site: number): Promise<string> => {
    const known = places.get(site)
    if (known) return known
    const found = await follow({ id: site }, home)
    if (!found) throw new NoSuchSite(site)
    remember(found)
    return found.name
  }

  const forget = (sites: Iterable<number>): void => {
    for (const site of sites) places.delete(site)
  }

  return {
    doorNamed,
    /** The name of the database that a site lives on. */
    nameOf,
    /** Looks anew where these sites live when it is asked the next time. */
    forget,
    /** The site that has this public key, as it is set where it lives. */
    findSite: async (key: string): Promise<Site | null> => {
      const found = await follow({ key }, home)
      if (found) remember(found)
      return found?.site ?? null
    },
    /** Acts on the database that a site lives on; once more on another one where the site has moved. */
    at: async <Result>(site: number, act: (door: Door) => Promise<Result>): Promise<Result> => {
      const attempt = async () => act(doorNamed(await nameOf(site)))
      return attempt().catch((failure: unknown) => {
        if (!livesElsewhere(failure)) throw failure
        forget([site])
        return attempt()
      })
    },
  }
}

/** See {@link createPlacement}. */
export type Placement = ReturnType<typeof createPlacement>

type Found = { name: string; site: Site }
