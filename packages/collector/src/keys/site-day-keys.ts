import type { KeyOf, PseudonymKey } from '../ingest/pseudonym.ts'
import { dayBeganAt, siteMomentOf } from '../ingest/site-clock.ts'
import type { ShareVault } from './share-vault.ts'

/** One half of a key in the database, with the name of the other half in the vault. */
export type DayShare = { share: Uint8Array; other_share: string; dies_at: Date }

/** Where the database's halves are: see `store/day-shares.ts`. */
export type DayShares = {
  find: (site: number, day: string) => Promise<DayShare | null>
  /** Keeps this one, unless another was kept first; answers the one that is kept. */
  keep: (site: number, day: string, share: DayShare) => Promise<DayShare>
}

const lifetime_ms = 48 * 3_600_000
const keys_max = 10_000

/** A day that ended this long ago is over on every machine's clock. */
const clocks_apart_ms_max = 60_000

type Held = { key: PseudonymKey; dies_at: Date }

/**
 * Site-day keys: drawn at random for the day that it is on the site's clock, rebuilt from two shares in two stores, dead
 * 48 hours after the day's midnight. Either share alone is random bytes: restoring a backup of the database restores no
 * key.
 *
 * The vault's half is named by its own hash and written before the database names it. So two processes that begin a day
 * at once agree on the half whose name was kept first, and a crash in between leaves nothing but a share nobody names.
 *
 * `siteDay` answers `null` for a key that is dead, or was never made for a day that is over. It throws when a store cannot
 * be reached, or a half is missing that should be there. `forgetDead` is to be called now and then: nobody may ask for a
 * dead key again, and it would stay in memory.
 */
export const createSiteDayKeys = (world: { shares: DayShares; vault: ShareVault; keyOf: KeyOf; now: () => Date }) => {
  const { shares, vault, keyOf, now } = world
  /** `null`: there is none for that day, which is over. Nobody makes one any more, so nobody asks for it again. */
  const held = new Map<string, Held | null>()

  const draw = async (site: number, day: string, began_at: Date): Promise<DayShare> => {
    const dies_at = new Date(began_at.getTime() + lifetime_ms)
    const other = crypto.getRandomValues(new Uint8Array(32))
    const other_share = hex(await crypto.subtle.digest('SHA-256', other))
    await vault.put(other_share, other, dies_at)
    return shares.keep(site, day, { share: crypto.getRandomValues(new Uint8Array(32)), other_share, dies_at })
  }

  const rebuild = async (kept: DayShare): Promise<Held> => {
    const other = await vault.get(kept.other_share)
    if (!other) throw new ShareMissing()
    const key = await keyOf(other.map((byte, index) => byte ^ (kept.share[index] ?? 0)))
    return { key, dies_at: kept.dies_at }
  }

  const load = async (site: { id: number; time_zone: string }, day: string): Promise<Held | null> => {
    const kept = await shares.find(site.id, day)
    if (kept) return kept.dies_at > now() ? rebuild(kept) : null
    if (day !== siteMomentOf(now(), site.time_zone).day) return null
    return rebuild(await draw(site.id, day, dayBeganAt(now(), site.time_zone)))
  }

  const isOver = (day: string, time_zone: string): boolean =>
    day < siteMomentOf(new Date(now().getTime() - clocks_apart_ms_max), time_zone).day

  const siteDay = async (site: { id: number; time_zone: string }, day: string): Promise<PseudonymKey | null> => {
    const name = `${site.id} ${day}`
    // A key and never a promise of one: see `store/bounded-cache.ts`.
    const known = held.get(name)
    const found = known === undefined ? await load(site, day) : known
    const alive = found && found.dies_at > now() ? found : null
    if (held.size >= keys_max) held.clear()
    if (alive || isOver(day, site.time_zone)) held.set(name, alive)
    return alive?.key ?? null
  }

  const forgetDead = (): void => {
    for (const [name, found] of held) if (found && found.dies_at <= now()) held.set(name, null)
  }

  return { siteDay, forgetDead }
}

/** A half of a key that should be there is not, or not yet: KV may take a while to show a new one everywhere. */
class ShareMissing extends Error {
  readonly code = '58000' // system_error: it may succeed later
  constructor() {
    super('the other half of a site-day key is not in its vault')
  }
}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
