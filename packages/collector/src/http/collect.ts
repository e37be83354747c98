import { envelope } from '@balise/shared/wire/envelope'
import { limits } from '@balise/shared/wire/limits'
import type { Accepted } from '@balise/shared/wire/reply'
import type { Hints } from '../ingest/hints.ts'
import type { Peer, Sender, Site } from '../ingest/hit.ts'
import { ingest } from '../ingest/ingest.ts'
import type { Keys } from '../ingest/pseudonymise.ts'
import type { Delivery } from '../ingest/row.ts'
import type { Outcome } from '../store/events.ts'
import { limitedByAddress, limitedBySite, type SiteLimitedDeps } from './limited.ts'
import { readJson } from './read-json.ts'
import { type Answered, refuse, refuseInvalid } from './refused.ts'

/** What the events' door needs of the world. */
export type CollectDeps = SiteLimitedDeps & {
  findSite: (key: string) => Promise<Site | null>
  keys: Keys
  /** Makes a delivery durable. Where the write comes later, behind a queue, it cannot tell outcomes yet: `null`. */
  deliver: (delivery: Delivery) => Promise<Outcome[] | null>
  now: () => Date
}

/** `POST /v1/events`: a batch comes in, and is durable before it is answered. */
export const collect = async (request: Request, peer: Peer, deps: CollectDeps): Promise<Answered> => {
  const floods = await limitedByAddress('batches', peer, deps)
  if (floods) return floods
  const body = await readJson(request, limits.body_bytes_max)
  if ('refused' in body) return body
  const read = envelope.safeParse(body.json)
  if (!read.success) return refuseInvalid(read.error)

  const site = await deps.findSite(read.data.site)
  if (!site) return refuse('unknown_site')
  if (!mayUse(site, request.headers.get('origin'))) return refuse('origin_not_allowed')
  const over = await limitedBySite(site, read.data.events.length, deps)
  if (over) return over

  const arrival = { site, envelope: read.data, sender: senderOf(request, peer), received_at: deps.now() }
  const ingested = await ingest(arrival, deps.keys)
  if (!ingested) return refuse('unavailable')

  const { delivery, refused } = ingested
  const outcomes = await deps.deliver(delivery)
  deps.quota.giveBack(site, refused.length + (outcomes?.length ?? 0))
  return replyOf({ accepted: delivery.events.length, refused }, outcomes)
}

const senderOf = ({ headers }: Request, peer: Peer): Sender => ({
  ...peer,
  agent: headers.get('user-agent') ?? '',
  hints: hintsOf(headers),
  objects: headers.get('sec-gpc') === '1' || headers.get('dnt') === '1',
})

const hintsOf = (headers: Headers): Hints => ({
  brands: headers.get('sec-ch-ua-full-version-list') ?? headers.get('sec-ch-ua') ?? '',
  mobile: headers.get('sec-ch-ua-mobile') ?? '',
  platform: headers.get('sec-ch-ua-platform') ?? '',
  platform_version: headers.get('sec-ch-ua-platform-version') ?? '',
  form_factors: headers.get('sec-ch-ua-form-factors') ?? '',
})

/** Whether a page of this origin may send for the site: one of its hosts, or a subdomain of one. */
const mayUse = (site: Site, origin: string | null): boolean => {
  if (site.hosts.length === 0) return true
  if (!origin || !URL.canParse(origin)) return false
  const { hostname } = new URL(origin)
  return site.hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))
}

const replyOf = ({ accepted, refused }: Accepted, outcomes: Outcome[] | null): Response => {
  const duplicate = outcomes?.filter(({ outcome }) => outcome === 'duplicate').length ?? 0
  const reply: Accepted = outcomes
    ? { accepted: accepted - outcomes.length, duplicate, refused: [...refused, ...refusedOf(outcomes)] }
    : { accepted, refused }
  return Response.json(reply, { status: 202, headers: { 'cache-control': 'no-store' } })
}

const refusedOf = (outcomes: Outcome[]): Accepted['refused'] =>
  outcomes.flatMap(({ id, outcome }) => (outcome === 'duplicate' ? [] : [{ id, reason: outcome }]))
