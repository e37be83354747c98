import type { Answer } from '@balise/shared/stats/answer'
import { type Query, query } from '@balise/shared/stats/query'
import type { Peer, Site } from '../ingest/hit.ts'
import type { Objection } from '../query/ask.ts'
import type { Grant } from '../store/tokens.ts'
import { covers, grantOf } from './grant.ts'
import { type LimitedDeps, limitedByAddress, limitedByToken } from './limited.ts'
import { readJson } from './read-json.ts'
import { type Answered, refuse, refuseInvalid } from './refused.ts'

const body_bytes_max = 256 * 1024

/** What the questions' door needs of the world. */
export type StatsDeps = LimitedDeps & {
  findSite: (key: string) => Promise<Site | null>
  findGrant: (token: string) => Promise<Grant | null>
  ask: (site: Site, query: Query) => Promise<Answer | Objection>
}

/** `POST /v1/query`: a question with a token of scope `query`, and its answer. */
export const stats = async (request: Request, peer: Peer, deps: StatsDeps): Promise<Answered> => {
  const floods = await limitedByAddress('questions', peer, deps)
  if (floods) return floods
  const granted = await grantOf(request, 'query', deps.findGrant)
  if ('refused' in granted) return granted
  const over = await limitedByToken('questions', granted.grant, deps)
  if (over) return over
  const body = await readJson(request, body_bytes_max)
  if ('refused' in body) return body
  const read = query.safeParse(body.json)
  if (!read.success) return refuseInvalid(read.error)

  const site = await deps.findSite(read.data.site)
  if (!covers(granted.grant, site)) return refuse('forbidden')

  const answer = await deps.ask(site, read.data)
  if ('errors' in answer) return refuse(answer.code ?? 'invalid', answer.errors)
  return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
}
