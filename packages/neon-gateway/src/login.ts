import type { Duplex } from 'node:stream'
import { type Credentials, refusalOfCredentials } from './credentials.ts'
import { Refusal } from './refusal.ts'
import { type ClientMessages, clientMessages, wire } from './wire.ts'

/** What a client told about its session when it opened it: `application_name`, `options` and other settings. */
export type Settings = Map<string, string>

// https://www.postgresql.org/docs/current/protocol-message-formats.html, StartupMessage and its siblings
const protocol_3 = 3
const encryption_requests = [80877103, 80877104]

/**
 * Asks a client for its password in clear text, as Neon's proxy does inside its own encryption, whatever the Postgres
 * behind asks for: so the driver may send startup, password and first query at once (`pipelineConnect: 'password'`)
 * even where Postgres wants SCRAM. Gives the settings of the session, a refusal, or nothing when the client went away.
 */
export function login(bytes: Duplex, wanted: Credentials): Promise<Settings | Refusal | undefined> {
  const messages = clientMessages(bytes)
  return loginBy(messages, bytes, wanted).finally(messages.stop)
}

async function loginBy(messages: ClientMessages, bytes: Duplex, wanted: Credentials): ReturnType<typeof login> {
  const settings = await startupOf(bytes, messages)
  if (settings === undefined || settings instanceof Refusal) return settings
  bytes.write(wire.askPassword)
  const reply = await messages.next(false)
  if (reply === undefined) return undefined
  if (reply.type !== 'p') return unsupported('A password was expected')
  const user = settings.get('user') ?? ''
  const password = reply.body.subarray(0, -1).toString()
  return refusalOfCredentials({ user, password, database: settings.get('database') ?? user }, wanted) ?? settings
}

async function startupOf(bytes: Duplex, messages: ClientMessages): Promise<Settings | Refusal | undefined> {
  for (;;) {
    const startup = await messages.next(true)
    if (startup === undefined) return undefined
    if (startup.body.length < 4) return unsupported('The startup message is too short')
    const code = startup.body.readInt32BE()
    if (encryption_requests.includes(code)) bytes.write(wire.noEncryption)
    else if (code >> 16 !== protocol_3) return unsupported('Only the Postgres protocol 3 is spoken here')
    else return settingsOf(startup.body.subarray(4))
  }
}

/** Names and values in turn, each ended by a zero byte, and one more zero byte. */
function settingsOf(body: Buffer): Settings {
  const words = body.toString().split('\0')
  const settings: Settings = new Map()
  for (let at = 0; words[at]; at += 2) settings.set(words[at] ?? '', words[at + 1] ?? '')
  return settings
}

function unsupported(message: string): Refusal {
  return new Refusal(400, { severity: 'FATAL', code: '08P01', message })
}
