import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import type { Database, Door } from './database.ts'

/**
 * Where a Postgres is, and what may be asked of it at once and for how long. Of its connections `questions_max` are there
 * for questions and for nothing else; by default they share all.
 */
export type PostgresOptions = {
  url: string
  connections_max: number
  questions_max?: number
  statement_ms_max: number
  onBreak: (error: Error) => void
}

/**
 * A door to any Postgres over its own protocol. Waiting for a connection and for an answer are both bounded, so that a
 * database that hangs turns into a refusal and not into a heap of requests.
 *
 * A connection that breaks is told to `onBreak`, idle or not; the pool opens another one by itself. One that breaks while a
 * statement has it also fails that statement, and says so once more as an event, which would end the process unheard.
 */
export const openPostgresDoor = (options: PostgresOptions): Door => {
  const { connections_max, questions_max = 0 } = options
  const pool = openPool(options, connections_max - questions_max)
  const questions = questions_max > 0 ? openPool(options, questions_max) : pool
  const database: Database = new Kysely({ dialect: new PostgresDialect({ pool }) })
  return {
    database,
    asSite: (site) => databaseOf(pool, site),
    forQuestions: (site) => databaseOf(questions, site),
    close: async () => {
      await database.destroy()
      if (questions !== pool) await questions.end()
    },
  }
}

/** {@link openPostgresDoor}, for whoever reads and writes as they are. */
export const openPostgres = (options: PostgresOptions): Database => openPostgresDoor(options).database

/**
 * A connection that is asked its first question plans for a tenth of a second, so it is kept, but for less than the five idle
 * minutes after which Neon suspends a database and ends its connections.
 */
const idle_ms_max = 240_000

const openPool = (options: PostgresOptions, connections_max: number): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: connections_max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: idle_ms_max,
    query_timeout: options.statement_ms_max + 1_000,
    statement_timeout: options.statement_ms_max,
    application_name: 'balise',
    pipeline: true,
  })
  pool.on('error', options.onBreak)
  pool.on('connect', (client) => client.on('error', options.onBreak))
  return pool
}

const databaseOf = (pool: pg.Pool, site: number): Database =>
  new Kysely({
    dialect: new PostgresDialect({
      pool: { connect: async () => seenBy(site, await pool.connect()), end: async () => {}, options: pool.options },
    }),
  })

/** Each statement in a transaction of its own that reads one site: all of it is sent at once, one round trip. */
const seenBy = (site: number, client: pg.PoolClient): PostgresPoolClient => {
  const query = async (text: string, values: unknown[]): Promise<unknown> => {
    const sent = [
      client.query('begin isolation level repeatable read read only'),
      client.query('select as_site($1)', [site]),
      client.query(text, values),
      client.query('commit'), // after a failure it rolls back
    ]
    const outcomes = await Promise.allSettled(sent)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
    return sent[2]
  }
  return { query: query as PostgresPoolClient['query'], release: () => client.release() }
}
