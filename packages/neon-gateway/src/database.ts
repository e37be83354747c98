import pg from 'pg'
import type { Ask } from './ask.ts'
import { execute, type Session, type StatementResult } from './execute.ts'
import type { Limits } from './limits.ts'
import { type Prepared, preparedOf } from './prepared.ts'
import { Refusal, refusalOf, refusalOfConnecting } from './refusal.ts'

/** The pooled connections behind `/sql`. */
export type Database = {
  /** Does what is asked, a batch wholly or not at all. */
  run(ask: Ask): Promise<StatementResult[] | Refusal>
  /** Cuts what runs and closes every connection. */
  close(): Promise<void>
}

/** Connects when asked, not before: Postgres may start later, or go and come back. */
export function createDatabase(database_url: string, limits: Limits): Database {
  const pool = new pg.Pool({
    connectionString: database_url,
    application_name: 'balise-neon-gateway',
    max: limits.connections_max,
    connectionTimeoutMillis: limits.connection_ms_max,
    idleTimeoutMillis: limits.connection_idle_ms,
    statement_timeout: limits.statement_ms_max,
    query_timeout: limits.request_ms_max,
    pipeline: true,
  })
  const busy = new Set<pg.PoolClient>()
  const prepared = new WeakMap<pg.PoolClient, Prepared>()
  // A connection that breaks fails its statement too, and the pool drops it: nobody else needs to know.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))

  function preparedOn(client: pg.PoolClient): Prepared {
    const known = prepared.get(client) ?? preparedOf(limits)
    prepared.set(client, known)
    return known
  }

  async function connect(): Promise<pg.PoolClient | Refusal> {
    if (pool.waitingCount >= limits.waiting_max) return tooBusy(`${limits.waiting_max} requests already wait for one`)
    const full = pool.totalCount >= limits.connections_max
    return pool.connect().catch((error: unknown) => {
      if (error instanceof pg.DatabaseError || !full) return refusalOfConnecting(error)
      return tooBusy(`none became free within ${limits.connection_ms_max} ms`)
    })
  }

  async function run(ask: Ask): Promise<StatementResult[] | Refusal> {
    const client = await connect()
    if (client instanceof Refusal) return client
    busy.add(client)
    const held = preparedOn(client)
    const { answer_chars_max } = limits
    const answer = await attempt(ask, { client, answer_chars_max, nameOf: () => undefined }, held)
    busy.delete(client)
    client.release(held.worn() || isBroken(answer) || client.getTransactionStatus() !== 'I')
    return answer
  }

  async function close(): Promise<void> {
    for (const client of busy) client.connection.stream.destroy()
    await pool.end()
  }

  return { run, close }
}

/** A statement that no longer fits as it was prepared is done once more, unprepared: the first try did nothing. */
async function attempt(ask: Ask, unprepared: Session, held: Prepared): Promise<StatementResult[] | Refusal> {
  try {
    return await execute(ask, { ...unprepared, nameOf: held.nameOf }).catch((error: unknown) => {
      if (held.isStale(error)) return execute(ask, unprepared)
      throw error
    })
  } catch (error) {
    return refusalOf(error)
  }
}

/** Whether the connection went with the statement: class 08, or Postgres shutting down (57P). */
function isBroken(answer: StatementResult[] | Refusal): boolean {
  return answer instanceof Refusal && /^(08|57P)/.test(answer.error.code)
}

function tooBusy(why: string): Refusal {
  return new Refusal(400, { code: '53300', message: `All connections of the gateway are in use: ${why}` })
}
