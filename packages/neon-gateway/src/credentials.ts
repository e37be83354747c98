import { hash, timingSafeEqual } from 'node:crypto'
import querystring from 'node:querystring'
import pg from 'pg'
import { Refusal } from './refusal.ts'

/** Who asks, and for which database. */
export type Credentials = { user: string; password: string; database: string }

/** The credentials in a database URL, completed from the environment as `pg` does. */
export function credentialsOf(database_url: string): Credentials {
  const { user, password, database } = new pg.Client({ connectionString: database_url })
  return { user: user ?? '', password: password ?? '', database: database ?? '' }
}

/** The credentials in the header `Neon-Connection-String`; its host is not looked at. */
export function credentialsOfHeader(header: string | string[] | undefined): Credentials | Refusal {
  if (typeof header !== 'string') return malformed('is missing')
  const url = URL.parse(header)
  if (url === null) return malformed('is not a URL')
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return malformed('is not a postgres URL')
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map((part) =>
    querystring.unescape(part),
  )
  if (!user || !database) return malformed('lacks a user or a database')
  return { user, password: password ?? '', database }
}

/** Nothing when the given credentials are the wanted ones; otherwise why not, as Postgres would say it. */
export function refusalOfCredentials(given: Credentials, wanted: Credentials): Refusal | undefined {
  if (!timingSafeEqual(fingerprintOf(given), fingerprintOf(wanted))) {
    const message = `password authentication failed for user "${given.user}"`
    return new Refusal(400, { severity: 'FATAL', code: '28P01', message })
  }
  if (given.database === wanted.database) return undefined
  return new Refusal(400, {
    severity: 'FATAL',
    code: '3D000',
    message: `database "${given.database}" does not exist`,
    hint: `This gateway serves one database only: "${wanted.database}".`,
  })
}

/** Of equal length whatever was given, so that the time of comparing tells nothing. */
function fingerprintOf({ user, password }: Credentials): Buffer {
  return hash('sha256', JSON.stringify([user, password]), 'buffer')
}

function malformed(what: string): Refusal {
  return new Refusal(400, { code: '08P01', message: `The header Neon-Connection-String ${what}` })
}
