import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import type { Credentials } from './credentials.ts'
import type { Limits } from './limits.ts'
import { login } from './login.ts'
import { Refusal } from './refusal.ts'
import { openUpstream } from './upstream.ts'
import { wire } from './wire.ts'

/** The WebSocket sessions of the driver's `Pool` and `Client`, each a Postgres session of its own. */
export type Tunnels = {
  /** Takes over a socket that asked to speak WebSocket; a refusal is told in the words of the Postgres protocol. */
  open(upgrade: { request: IncomingMessage; socket: Duplex; head: Buffer }, refusal?: Refusal): void
  /** Cuts every session, and settles when the last of their connections is closed. */
  close(): Promise<void>
}

/** Every tunnel leads to the one database of `database_url`, whatever address the client names. */
export function createTunnels(database_url: string, wanted: Credentials, limits: Limits): Tunnels {
  const server = new WebSocketServer({ noServer: true, maxPayload: limits.body_bytes_max })
  const carried = new Set<Promise<void>>()
  const streams = new Set<Socket>()

  async function carry(socket: WebSocket): Promise<void> {
    const bytes = createWebSocketStream(socket)
    bytes.on('error', () => bytes.destroy())
    const late = setTimeout(() => refuse(bytes, tooLate(limits.login_ms_max)), limits.login_ms_max)
    const settings = await login(bytes, wanted)
    clearTimeout(late)
    if (settings === undefined) return void bytes.destroy()
    if (settings instanceof Refusal) return refuse(bytes, settings)
    const upstream = await openUpstream(database_url, { settings, connection_ms_max: limits.connection_ms_max })
    if (upstream instanceof Refusal) return refuse(bytes, upstream)
    if (bytes.destroyed) return void upstream.stream.destroy()
    const { stream } = upstream
    streams.add(stream)
    bytes.write(upstream.greeting)
    bytes.pipe(stream).pipe(bytes)
    // Half a goodbye is a whole one: Postgres would only hear it once its statement is done.
    bytes.once('end', () => stream.destroySoon())
    await new Promise((settle) => stream.once('close', settle))
    streams.delete(stream)
    socket.close()
  }

  return {
    open({ request, socket, head }, refusal) {
      const full = server.clients.size >= limits.tunnels_max
      server.handleUpgrade(request, socket, head, (client) => {
        const refused = refusal ?? (full ? tooMany(limits.tunnels_max) : undefined)
        if (refused !== undefined) return refuse(createWebSocketStream(client), refused)
        const whole = carry(client).finally(() => carried.delete(whole))
        carried.add(whole)
      })
    },
    async close() {
      for (const client of server.clients) client.terminate()
      for (const stream of streams) stream.destroy()
      server.close()
      await Promise.all(carried)
    },
  }
}

function refuse(bytes: Duplex, { error }: Refusal): void {
  bytes.on('error', () => bytes.destroy())
  bytes.resume()
  bytes.end(wire.errorResponse(error))
}

function tooMany(tunnels_max: number): Refusal {
  return new Refusal(400, {
    severity: 'FATAL',
    code: '53300',
    message: `The gateway holds at most ${tunnels_max} WebSocket sessions`,
  })
}

function tooLate(login_ms_max: number): Refusal {
  return new Refusal(400, { severity: 'FATAL', code: '57014', message: `No login within ${login_ms_max} ms` })
}
