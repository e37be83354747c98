import type { Peer, Site } from '../ingest/hit.ts'
import { limitedAddressOf } from '../limits/address.ts'
import type { Limits } from '../limits/allow.ts'
import type { Quota } from '../limits/quota.ts'
import type { RefusalCounts } from '../limits/refusal-counts.ts'
import { type Refused, refuseUntil } from './refused.ts'

/** What a door that is limited by rate needs. */
export type LimitedDeps = { limits: Limits }

/** What a door that is limited by site needs besides. */
export type SiteLimitedDeps = LimitedDeps & { quota: Quota; refusals: RefusalCounts }

type Turned = { refused: Refused } | null

/** Turns away an address that asks a door too often. It is asked first of all: a header is all it costs. */
export const limitedByAddress = (
  limit: 'batches' | 'questions' | 'erasures',
  peer: Peer,
  deps: LimitedDeps,
): Promise<Turned> => {
  const address = limitedAddressOf(peer.ip)
  return address === null ? Promise.resolve(null) : limited(limit, `address ${address}`, deps)
}

/** Turns away a token that asks a door too often, from wherever. */
export const limitedByToken = (
  limit: 'questions' | 'erasures',
  token: { id: number },
  deps: LimitedDeps,
): Promise<Turned> => limited(limit, `token ${token.id}`, deps)

const limited = async (limit: 'batches' | 'questions' | 'erasures', key: string, { limits }: LimitedDeps) => {
  const allowed = await limits[limit](key)
  return 'ok' in allowed ? null : refuseUntil('too_many_requests', { name: limit, ...allowed })
}

/** Turns away a batch of a site that sends too fast, or has sent its quota of today; its events are counted by name. */
export const limitedBySite = async (site: Site, events: number, deps: SiteLimitedDeps): Promise<Turned> => {
  const flows = await deps.limits.events(`site ${site.id}`, events)
  if (!('ok' in flows)) {
    await deps.refusals.count(site, 'too_many_requests', events)
    return refuseUntil('too_many_requests', { name: 'events', ...flows })
  }
  const fits = await deps.quota.take(site, events)
  if ('ok' in fits) return null
  await deps.refusals.count(site, 'quota_exceeded', events)
  return refuseUntil('quota_exceeded', { name: 'events_per_day', ...fits })
}
