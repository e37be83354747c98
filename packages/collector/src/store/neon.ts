import { type NeonQueryFunction, neon, neonConfig } from '@neondatabase/serverless'
import { Kysely } from 'kysely'
import { NeonDialect } from 'kysely-neon'
import type { Database, Door } from './database.ts'

/** A Neon database, or another one behind a gateway on this machine. */
export type NeonOptions = { url: string; endpoint: string | undefined }

type Http = NeonQueryFunction<false, false>

/** By host and port. The driver asks for them in a module-wide setting. */
const endpoints = new Map<string, string>()
const neonsOwn = neonConfig.fetchEndpoint

/**
 * The door to Neon over HTTP: each statement is one `fetch`, and so is one that is read as a site.
 *
 * `endpoint` is where statements go instead of Neon's own address for the host in `url`: a gateway on this machine.
 */
export const openNeonDoor = ({ url, endpoint }: NeonOptions): Door => {
  if (endpoint) {
    const { hostname, port } = new URL(url)
    endpoints.set(`${hostname}:${port || 5432}`, endpoint)
    neonConfig.fetchEndpoint = (host, at, options) =>
      endpoints.get(`${host}:${at}`) ?? (typeof neonsOwn === 'string' ? neonsOwn : neonsOwn(host, at, options))
  }
  const http = neon(url)
  const database: Database = new Kysely({ dialect: new NeonDialect({ neon: http }) })
  const asSite = (site: number) => databaseOf(http, site)
  return { database, asSite, forQuestions: asSite, close: () => database.destroy() }
}

/** {@link openNeonDoor}, for whoever reads and writes as they are. */
export const openNeon = (options: NeonOptions): Database => openNeonDoor(options).database

const databaseOf = (http: Http, site: number): Database =>
  new Kysely({ dialect: new NeonDialect({ neon: () => ({ query: seenBy(site, http) }) }) })

/** Each statement in a transaction of its own that reads one site. */
const seenBy = (site: number, http: Http) => async (text: string, values?: unknown[]) => {
  const statements = [http.query('select as_site($1)', [site]), http.query(text, values)]
  const [, answer] = await http.transaction(statements, {
    isolationLevel: 'RepeatableRead',
    readOnly: true,
    arrayMode: false,
    fullResults: true,
  })
  return answer
}
