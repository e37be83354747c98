import { type ErasureReceipt, type ErasureRequest, erasureRequest } from '@balise/shared/privacy/erasure'
import type { Peer, Site } from '../ingest/hit.ts'
import { type PseudonymKey, pseudonymOf } from '../ingest/pseudonym.ts'
import type { Erasure } from '../store/erasures.ts'
import type { Grant } from '../store/tokens.ts'
import { covers, grantOf } from './grant.ts'
import { type LimitedDeps, limitedByAddress, limitedByToken } from './limited.ts'
import { readJson } from './read-json.ts'
import { type Answered, refuse, refuseInvalid } from './refused.ts'

const body_bytes_max = 4 * 1024

/** What the privacy door needs of the world. */
export type PrivacyDeps = LimitedDeps & {
  findSite: (key: string) => Promise<Site | null>
  findGrant: (token: string) => Promise<Grant | null>
  /** Every pepper that was ever in use: the person may have been named under any of them. */
  peppers: PseudonymKey[]
  erase: (erasure: Erasure) => Promise<ErasureReceipt>
}

/**
 * `POST /v1/privacy/erasures`: a person is forgotten, and a receipt says what went.
 *
 * A visitor may ask for themself with nothing but the secret their own browser holds: who has those 256 random bits is
 * that visitor. Whoever comes with a token needs scope `privacy`, and so does everyone who names a user.
 */
export const eraseOnRequest = async (request: Request, peer: Peer, deps: PrivacyDeps): Promise<Answered> => {
  const floods = await limitedByAddress('erasures', peer, deps)
  if (floods) return floods
  const body = await readJson(request, body_bytes_max)
  if ('refused' in body) return body
  const read = erasureRequest.safeParse(body.json)
  if (!read.success) return refuseInvalid(read.error)

  const site = await deps.findSite(read.data.site)
  const asksForThemself = 'visitor' in read.data && !request.headers.has('authorization')
  if (asksForThemself) return site ? receiptOf(read.data, { site, asked_by: null }, deps) : refuse('unknown_site')

  const granted = await grantOf(request, 'privacy', deps.findGrant)
  if ('refused' in granted) return granted
  if (!covers(granted.grant, site)) return refuse('forbidden')
  const over = await limitedByToken('erasures', granted.grant, deps)
  if (over) return over
  return receiptOf(read.data, { site, asked_by: granted.grant.id }, deps)
}

const receiptOf = async (
  asked: ErasureRequest,
  by: { site: Site; asked_by: number | null },
  { peppers, erase }: PrivacyDeps,
): Promise<Response> => {
  const [subject, name] = 'visitor' in asked ? (['visitor', asked.visitor] as const) : (['user', asked.user] as const)
  const subjects = await Promise.all(peppers.map((pepper) => pseudonymOf(pepper, [subject, by.site.key, name])))
  const receipt = await erase({ ...by, subject, subjects })
  return Response.json(receipt, { headers: { 'cache-control': 'no-store' } })
}
