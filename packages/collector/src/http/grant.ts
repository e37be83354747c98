import type { Site } from '../ingest/hit.ts'
import type { Scope } from '../store/database.ts'
import type { Grant } from '../store/tokens.ts'
import { type Refused, refuse } from './refused.ts'

const bearer = /^Bearer ([\x21-\x7e]{1,200})$/i

/**
 * What the request's token opens, or why it is turned away. An unknown site and a site that the token does not
 * cover are answered alike, so that nobody can list sites.
 */
export const grantOf = async (
  request: Request,
  scope: Scope,
  findGrant: (token: string) => Promise<Grant | null>,
): Promise<{ grant: Grant } | { refused: Refused }> => {
  const token = bearer.exec(request.headers.get('authorization') ?? '')?.[1]
  const grant = token ? await findGrant(token) : null
  if (!grant) return refuse('unauthorized')
  return grant.scopes.includes(scope) ? { grant } : refuse('forbidden')
}

/** Whether a grant covers a site. */
export const covers = (grant: Grant, site: Site | null): site is Site => site?.id === grant.site
