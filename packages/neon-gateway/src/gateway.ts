import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { credentialsOf } from './credentials.ts'
import { createDatabase } from './database.ts'
import { default_limits, type Limits } from './limits.ts'
import { isLoopback } from './loopback.ts'
import { Refusal } from './refusal.ts'
import { answer, answerSql } from './sql-door.ts'
import { createTunnels } from './tunnels.ts'

/**
 * A running gateway. `database_url` is what to give the driver: the same credentials at the gateway's address. `close`
 * cuts every request, session and connection, and settles when none is left.
 */
export type Gateway = { url: string; port: number; database_url: string; close(): Promise<void> }

/** `port` 0 takes a free one; `limits` are laid over `default_limits`. */
export type GatewayOptions = { database_url: string; host?: string; port?: number; limits?: Partial<Limits> }

/**
 * Speaks what `@neondatabase/serverless` sends, `POST /sql` and WebSocket `/v2`, in front of the one Postgres of
 * `database_url`. Connects only when asked to, so Postgres may start later. Throws where the host is not loopback
 * or the port cannot be taken: whoever reaches a gateway can try passwords on the database.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { database_url, host = '127.0.0.1', port = 0 } = options
  if (!isLoopback(host)) throw new RangeError(`A gateway listens on loopback only (127.0.0.1, ::1), not on ${host}.`)
  const limits = { ...default_limits, ...options.limits }
  const wanted = credentialsOf(database_url)
  const database = createDatabase(database_url, limits)
  const tunnels = createTunnels(database_url, wanted, limits)
  const sockets = new Set<Socket>()
  const surplus = new WeakSet<Socket>()

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOfRequest(request) ?? (surplus.has(request.socket) ? tooMany(limits.sockets_max) : undefined)
    if (refusal === undefined) return answerSql({ wanted, limits, run: database.run }, request, response)
    request.resume()
    if (surplus.has(request.socket)) response.setHeader('Connection', 'close')
    answer(response, refusal)
  }

  const server = createServer(
    { keepAliveTimeout: limits.socket_idle_ms, requestTimeout: limits.request_ms_max },
    onRequest,
  )
  server.on('connection', (socket) => {
    if (sockets.size >= limits.sockets_max) surplus.add(socket)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => {
    const refusal = refusalOfUpgrade(request)
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal.status} ${refusal.error.message}\r\n\r\n`)
    tunnels.open({ request, socket, head }, surplus.has(request.socket) ? tooMany(limits.sockets_max) : undefined)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const bound = server.address() as AddressInfo

  async function close(): Promise<void> {
    server.close()
    for (const socket of sockets) socket.destroy()
    await Promise.all([once(server, 'close'), tunnels.close(), database.close()])
  }

  const authority = `${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`
  const login = `${encodeURIComponent(wanted.user)}:${encodeURIComponent(wanted.password)}`
  return {
    url: `http://${authority}`,
    port: bound.port,
    database_url: `postgresql://${login}@${authority}/${encodeURIComponent(wanted.database)}`,
    close,
  }
}

function refusalOfRequest(request: IncomingMessage): Refusal | undefined {
  if (pathOf(request) !== '/sql') return new Refusal(404, { code: '08P01', message: 'Only POST /sql is answered here' })
  if (request.method !== 'POST') return new Refusal(405, { code: '08P01', message: 'Only POST is answered here' })
  return refusalOfOrigin(request)
}

function refusalOfUpgrade(request: IncomingMessage): Refusal | undefined {
  if (pathOf(request) !== '/v2') return new Refusal(404, { code: '08P01', message: 'Only /v2 is a WebSocket' })
  return refusalOfOrigin(request)
}

/** A page of the open web can reach loopback from a visitor's browser, and must not try passwords here. */
function refusalOfOrigin({ headers }: IncomingMessage): Refusal | undefined {
  if (headers.origin === undefined || isLoopback(URL.parse(headers.origin)?.hostname ?? '')) return undefined
  return new Refusal(403, { code: '28000', message: 'Pages of other machines are not answered' })
}

function pathOf({ url }: IncomingMessage): string | undefined {
  return url?.split('?', 1)[0]
}

function tooMany(sockets_max: number): Refusal {
  return new Refusal(400, { code: '53300', message: `The gateway holds at most ${sockets_max} sockets` })
}
