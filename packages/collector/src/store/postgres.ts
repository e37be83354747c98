import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Database } from './database.ts'

/**
 * The door to any Postgres over its own protocol. Waiting for a connection and for an answer are both bounded, so that a
 * database that hangs turns into a refusal and not into a heap of requests.
 *
 * An idle connection that breaks is told to `onIdleError`; the pool opens another one by itself.
 */
export const openPostgres = (options: {
  url: string
  connections_max: number
  statement_ms_max: number
  onIdleError: (error: Error) => void
}): Database => {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections_max,
    connectionTimeoutMillis: 5_000,
    query_timeout: options.statement_ms_max + 1_000,
    statement_timeout: options.statement_ms_max,
    application_name: 'balise',
  })
  pool.on('error', options.onIdleError)
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}
