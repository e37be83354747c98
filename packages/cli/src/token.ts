import type { Scope } from '@balise/collector/store/database'
import { findSite } from '@balise/collector/store/sites'
import { createToken } from '@balise/collector/store/tokens'
import { withDatabase } from './with-database.ts'

/** Makes a token for a site and answers its text: the only time that anybody sees it. */
export const createTokenFor = (
  database_url: string,
  token: { site: string; scopes: Scope[]; label: string },
): Promise<string> =>
  withDatabase(database_url, async (database) => {
    const site = await findSite(database, token.site)
    if (!site) throw new Error(`There is no site "${token.site}". Make it: balise site add ${token.site}`)
    return createToken(database, { site: site.id, scopes: token.scopes, label: token.label })
  })
