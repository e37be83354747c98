import { once } from 'node:events'
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
  const open = new Map<pg.PoolClient, Prepared>()
  const busy = new Set<pg.PoolClient>()
  pool.on('connect', (client) => {
    open.set(client, preparedOf(limits))
    client.once('end', () => open.delete(client))
    // A connection that breaks fails its statement too, and the pool drops it: nobody else needs to know.
    client.on('error', () => undefined)
  })
  pool.on('error', () => undefined)

  async function connect(): Promise<pg.PoolClient | Refusal> {
    if (pool.ending) return new Refusal(400, { code: '57P01', message: 'The gateway is closing' })
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
    const prepared = open.get(client) ?? preparedOf(limits)
    const { answer_chars_max } = limits
    const answer = await attempt(ask, { client, answer_chars_max, nameOf: () => undefined }, prepared)
    busy.delete(client)
    client.release(prepared.worn() || isBroken(answer) || client.getTransactionStatus() !== 'I')
    return answer
  }

  async function close(): Promise<void> {
    for (const client of busy) client.connection.stream.destroy()
    await pool.end()
    // The pool calls itself ended once it has said goodbye, before its sockets are closed.
    await Promise.all([...open.keys()].map((client) => once(client, 'end')))
  }

  return { run, close }
}

/** A statement that no longer fits as it was prepared is done once more, unprepared: the first try did nothing. */
async function attempt(ask: Ask, unprepared: Session, prepared: Prepared): Promise<StatementResult[] | Refusal> {
  try {
    return await execute(ask, { ...unprepared, nameOf: prepared.nameOf }).catch((error: unknown) => {
      if (prepared.isStale(error)) return execute(ask, unprepared)
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
