import type { Duplex } from 'node:stream'
import type { PostgresError } from './refusal.ts'

/**
 * The few messages of the Postgres wire protocol (3.0) that a gateway says or hears itself before it only passes bytes
 * on: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export const wire = {
  askPassword: message('R', int32(3)),
  noEncryption: Buffer.from('N'),
  authenticationOk: message('R', int32(0)),
  readyForQuery: message('Z', Buffer.from('I')),
  parameterStatus: (name: string, value: string) => message('S', text(name), text(value)),
  backendKeyData: (process_id: number, secret_key: number) => message('K', int32(process_id), int32(secret_key)),
  errorResponse: ({ severity, code, message: words, hint }: PostgresError) =>
    message(
      'E',
      ...[`S${severity}`, `V${severity}`, `C${code}`, `M${words}`, ...(hint === undefined ? [] : [`H${hint}`])].map(
        text,
      ),
      Buffer.of(0),
    ),
}

/** Postgres's own bound on a startup packet and on a password message (`MAX_STARTUP_PACKET_LENGTH`). */
const message_bytes_max = 10_000

/** A message of a client: its letter, none for the one that opens a connection, and what follows its length. */
type ClientMessage = { type: string; body: Buffer }

/** The first messages of a client. What is not read stays in the stream, for whoever reads on after `stop`. */
export type ClientMessages = {
  /**
   * The next message; the one that opens a connection (`startup`) has no letter. Nothing when the client goes away
   * first, or sends something that is no such message.
   */
  next(startup: boolean): Promise<ClientMessage | undefined>
  stop(): void
}

/** Reads a client's messages one by one. */
export function clientMessages(bytes: Duplex): ClientMessages {
  const events = ['readable', 'end', 'close']
  let wake: () => void = () => undefined
  const woken = () => wake()
  // For as long as it reads, not anew for each wait: a listener added to half a message is called at once, for ever.
  for (const event of events) bytes.on(event, woken)

  async function take(count: number): Promise<Buffer | undefined> {
    while (!bytes.destroyed && !bytes.readableEnded) {
      const taken: Buffer | null = bytes.read(count)
      if (taken !== null) return taken.length === count ? taken : undefined
      await new Promise<void>((settle) => {
        wake = settle
      })
    }
    return undefined
  }

  return {
    async next(startup) {
      const type = startup ? Buffer.alloc(0) : await take(1)
      const length = await take(4)
      if (type === undefined || length === undefined) return undefined
      const body_bytes = length.readInt32BE() - 4
      if (body_bytes < 1 || body_bytes > message_bytes_max) return undefined
      const body = await take(body_bytes)
      return body && { type: type.toString('latin1'), body }
    },
    stop() {
      for (const event of events) bytes.off(event, woken)
    },
  }
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}
