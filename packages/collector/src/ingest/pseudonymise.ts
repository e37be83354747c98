import { allows } from '@balise/shared/wire/consent'
import type { Hit } from './hit.ts'
import type { NameOf, PseudonymKey } from './pseudonym.ts'
import type { Pseudonyms } from './row.ts'
import { dayBefore, siteMomentOf } from './site-clock.ts'

/** In a day's first minutes a visit may still be yesterday's. */
const yesterday_tried_ms = 30 * 60_000

/** The keys that names are made with. */
export type Keys = {
  /** For what lasts: visitor secrets, users, contact targets. */
  pepper: PseudonymKey
  /** A site-day's key; `null` where it was destroyed, or never made for a day that is over. */
  siteDay: (site: Hit['site'], day: string) => Promise<PseudonymKey | null>
}

/**
 * Turns people into keyed hashes, as far as the level allows any name at all.
 *
 * With `analytics` and a secret the visitor is known and keeps their name; otherwise the name is made of address and
 * agent under the key of one site's one day. `null` when that key cannot be had: there is no weaker fallback.
 */
export const pseudonymise = async (hit: Hit, keys: Keys, nameOf: NameOf): Promise<Pseudonyms | null> => {
  const { site, batch, event, level } = hit
  const lasting = (text: string, purpose: string) => nameOf(keys.pepper, [purpose, site.key, text])
  const target = event.kind === 'contact' && event.target ? { target: await lasting(event.target, 'target') } : {}

  if (!allows(level, 'analytics') || !batch.visitor) {
    const anonymous = await anonymousOf(hit, keys, nameOf)
    return anonymous && { ...anonymous, ...target }
  }
  return {
    visitor: await lasting(batch.visitor, 'visitor'),
    known: true,
    ...(batch.session ? { session: batch.session } : {}),
    ...(batch.user && allows(level, 'marketing') ? { user: await lasting(batch.user, 'user') } : {}),
    ...target,
  }
}

/** A late event takes the key of its own day while that lives, then that of the day it arrived. */
const anonymousOf = async (hit: Hit, keys: Keys, nameOf: NameOf): Promise<Pseudonyms | null> => {
  const { site, sender, at, received_at } = hit
  const own = siteMomentOf(at, site.time_zone)
  const key =
    (await keys.siteDay(site, own.day)) ?? (await keys.siteDay(site, siteMomentOf(received_at, site.time_zone).day))
  if (!key) return null

  const name = (dayKey: PseudonymKey) => nameOf(dayKey, [sender.ip, sender.agent, site.key])
  const visitor = await name(key)
  if (own.since_midnight_ms >= yesterday_tried_ms) return { visitor, known: false }

  const yesterday = await keys.siteDay(site, dayBefore(own.day))
  return { visitor, known: false, ...(yesterday ? { visitor_before: await name(yesterday) } : {}) }
}
