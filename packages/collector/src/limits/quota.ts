import type { Site } from '../ingest/hit.ts'
import { siteMomentOf } from '../ingest/site-clock.ts'
import type { Allowed } from './allow.ts'

/** Draws up to `wanted` events off a site's day in the database, and answers how many it was given. */
export type Draw = (site: number, day: string, wanted: number) => Promise<number>

type LimitedSite = Pick<Site, 'id' | 'time_zone' | 'events_per_day_max'>

/** What this process has drawn for a site's day and not used yet. */
type Purse = { day: string; left: number; block_comes_by_ms: number; dry_until_ms: number }

const purses_max = 10_000

/** One draw in a thousand of the quota, so that a busy site asks the database now and then, and no row is hot. */
const draws_per_day = 1_000
const drawn_at_once_max = 1_000

/** A block that has not come by then does not come: its request was given up. */
const block_comes_within_ms = 1_000

/** A quota that was raised shows within this. */
const asks_again_after_ms = 30_000
const retry_after_seconds_max = 3_600

/**
 * The quotas of sites: how many events each may still send today, on its own clock.
 *
 * Processes draw from the site's day in blocks, before they let anyone in: so together they never let in more than the
 * quota, whatever crashes. What a process drew and did not use is lost to that day: a quota is reached early by at most
 * one block (a thousandth of it, at most 1,000 events) for each process or isolate.
 *
 * While one request draws a block, the others draw what they miss. They do not wait for it: in workerd a request that
 * waits for what another one asked for hangs.
 */
export const createQuota = ({ draw, now }: { draw: Draw; now: () => Date }) => {
  const purses = new Map<number, Purse>()

  const purseOf = (site: number, day: string): Purse => {
    const held = purses.get(site)
    if (held?.day === day) return held
    const purse: Purse = { day, left: 0, block_comes_by_ms: 0, dry_until_ms: 0 }
    if (purses.size >= purses_max) purses.clear()
    purses.set(site, purse)
    return purse
  }

  const fill = async (purse: Purse, site: number, { missing, block }: { missing: number; block: number }) => {
    const now_ms = now().getTime()
    const draws_block = purse.block_comes_by_ms <= now_ms
    if (draws_block) purse.block_comes_by_ms = now_ms + block_comes_within_ms
    const wanted = draws_block ? Math.max(block, missing) : missing
    const given = await draw(site, purse.day, wanted)
    purse.left += given
    if (draws_block) purse.block_comes_by_ms = 0
    if (given < wanted) purse.dry_until_ms = now_ms + asks_again_after_ms
  }

  return {
    /** Takes these events off the site's day, all or none of them. Throws where the database cannot be asked. */
    take: async (site: LimitedSite, events: number): Promise<Allowed> => {
      const { id, time_zone, events_per_day_max } = site
      if (events_per_day_max === null) return { ok: true }
      const { day, since_midnight_ms } = siteMomentOf(now(), time_zone)
      const purse = purseOf(id, day)
      while (purse.left < events) {
        if (purse.dry_until_ms > now().getTime())
          return { retry_after_seconds: Math.min(secondsToMidnight(since_midnight_ms), retry_after_seconds_max) }
        await fill(purse, id, { missing: events - purse.left, block: blockOf(events_per_day_max) })
      }
      purse.left -= events
      return { ok: true }
    },
    /** Gives back what was taken for events that were not kept. */
    giveBack: (site: LimitedSite, events: number): void => {
      const purse = purses.get(site.id)
      if (purse?.day === siteMomentOf(now(), site.time_zone).day) purse.left += events
    },
  }
}

/** See {@link createQuota}. */
export type Quota = ReturnType<typeof createQuota>

const blockOf = (events_per_day_max: number): number =>
  Math.max(1, Math.min(Math.floor(events_per_day_max / draws_per_day), drawn_at_once_max))

/** By the hands of the clock; where it is changed today, an hour more or less. */
const secondsToMidnight = (since_midnight_ms: number): number =>
  Math.max(1, Math.ceil((86_400_000 - since_midnight_ms) / 1_000))
