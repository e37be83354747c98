import type { Duplex } from 'node:stream'
import { type Credentials, refusalOfCredentials } from './credentials.ts'
import { Refusal } from './refusal.ts'
import { nextMessage, wire } from './wire.ts'

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
export async function login(bytes: Duplex, wanted: Credentials): Promise<Settings | Refusal | undefined> {
  let startup = await nextMessage(bytes, true)
  while (startup !== undefined && encryption_requests.includes(startup.body.readInt32BE())) {
    bytes.write(wire.noEncryption)
    startup = await nextMessage(bytes, true)
  }
  if (startup === undefined) return undefined
  if (startup.body.readInt16BE() !== protocol_3) return unsupported('Only the Postgres protocol 3 is spoken here')
  const settings = settingsOf(startup.body.subarray(4))
  bytes.write(wire.askPassword)
  const reply = await nextMessage(bytes, false)
  if (reply === undefined) return undefined
  if (reply.type !== 'p') return unsupported('A password was expected')
  const user = settings.get('user') ?? ''
  const password = reply.body.subarray(0, -1).toString()
  return refusalOfCredentials({ user, password, database: settings.get('database') ?? user }, wanted) ?? settings
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
