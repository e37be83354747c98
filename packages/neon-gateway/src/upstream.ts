import { Socket } from 'node:net'
import pg from 'pg'
import type { Settings } from './login.ts'
import { type Refusal, refusalOfConnecting } from './refusal.ts'
import { wire } from './wire.ts'

/** A Postgres session that is logged in: its raw bytes, and the greeting that its client has yet to hear. */
export type Upstream = { stream: Socket; greeting: Buffer }

/** Opens a session of its own with the settings that a client asked for; `pg` does the login, SCRAM and TLS included. */
export async function openUpstream(
  database_url: string,
  { settings, connection_ms_max }: { settings: Settings; connection_ms_max: number },
): Promise<Upstream | Refusal> {
  const client = new pg.Client({
    connectionString: database_url,
    connectionTimeoutMillis: connection_ms_max,
    application_name: settings.get('application_name'),
    options: optionsOf(settings),
  })
  const greeting = [wire.authenticationOk]
  client.connection.on('parameterStatus', (told: { parameterName: string; parameterValue: string }) =>
    greeting.push(wire.parameterStatus(told.parameterName, told.parameterValue)),
  )
  client.connection.on('backendKeyData', (told: { processID: number; secretKey: number }) =>
    greeting.push(wire.backendKeyData(told.processID, told.secretKey)),
  )
  // From here on the client's own bytes say what happens; what `pg` makes of the end of the socket is of no use.
  client.on('error', () => undefined)
  const failure = await client.connect().then(
    () => undefined,
    (error: unknown) => refusalOfConnecting(error),
  )
  if (failure !== undefined) return failure
  const { stream } = client.connection
  if (!(stream instanceof Socket)) throw new TypeError('pg speaks over a socket, TLS or not')
  stream.removeAllListeners('data')
  return { stream, greeting: Buffer.concat([...greeting, wire.readyForQuery]) }
}

const said_otherwise = new Set(['user', 'database', 'application_name', 'options'])

/** Every further setting as `-c name=value`: that is how `pg` can pass it on. */
function optionsOf(settings: Settings): string | undefined {
  const further = [...settings]
    .filter(([name]) => !said_otherwise.has(name))
    .map(([name, value]) => `-c ${escaped(`${name}=${value}`)}`)
  return [settings.get('options'), ...further].filter(Boolean).join(' ') || undefined
}

function escaped(word: string): string {
  return word.replace(/[\\\s]/g, '\\$&')
}
