import type { Database, Scope } from './database.ts'

/** What a token opens. */
export type Grant = { id: number; site: number; scopes: Scope[] }

const hashOf = async (token: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)))

/** What this token opens; `null` where it is unknown or revoked. */
export const findGrant = async (database: Database, token: string): Promise<Grant | null> => {
  const grant = await database
    .selectFrom('tokens')
    .select(['id', 'site', 'scopes'])
    .where('hash', '=', await hashOf(token))
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return grant ?? null
}

/** Makes a token and answers its text, which is kept nowhere: only its SHA-256 is. */
export const createToken = async (
  database: Database,
  token: { site: number; scopes: Scope[]; label: string },
): Promise<string> => {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const text = `bls_${Buffer.from(secret).toString('base64url')}`
  await database
    .insertInto('tokens')
    .values({ ...token, hash: await hashOf(text), revoked_at: null })
    .execute()
  return text
}
