import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Database } from './database.ts'

/**
 * The door to any Postgres over its own protocol. Waiting for a connection and for an answer are both bounded, so that a
 * database that hangs turns into a refusal and not into a heap of requests.
 *
 * A connection that breaks is told to `onBreak`, idle or not; the pool opens another one by itself. One that breaks while a
 * statement has it also fails that statement, and says so once more as an event, which would end the process unheard.
 */
export const openPostgres = (options: {
  url: string
  connections_max: number
  statement_ms_max: number
  onBreak: (error: Error) => void
}): Database => {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections_max,
    connectionTimeoutMillis: 5_000,
    query_timeout: options.statement_ms_max + 1_000,
    statement_timeout: options.statement_ms_max,
    application_name: 'balise',
  })
  pool.on('error', options.onBreak)
  pool.on('connect', (client) => client.on('error', options.onBreak))
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}
