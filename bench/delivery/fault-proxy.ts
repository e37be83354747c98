import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What happens to a batch between the browser and the collector. */
type Weather =
  | { kind: 'fair' | 'reset' | 'reply lost' | 'hung' }
  | { kind: 'busy'; status: number; retry_after_s?: number }

/** A customer's site, with a collector on its origin that is reached through any weather. */
export type FaultProxy = {
  url: string
  /** Sets the weather; what hangs is torn down as it changes. */
  turn: (weather: Weather) => void
  /** Batches that came while the collector had asked for none. */
  early: () => number
  /** Pages that the browser prerendered, and then showed: they ask for `/shown`. */
  shown: () => number
  close: () => Promise<void>
}

/** What a proxy stands between: pages with the script, and a collector. */
export type Sides = { html: string; script: Buffer; collector_url: string }

/** Opens a site on a port of its own, in fair weather. */
export const openFaultProxy = async ({ html, script, collector_url }: Sides): Promise<FaultProxy> => {
  let weather: Weather = { kind: 'fair' }
  let closed_until_ms = 0
  let early = 0
  let shown = 0
  const hung = new Set<ServerResponse>()

  const forward = async (request: IncomingMessage, body: Buffer): Promise<Response> =>
    fetch(collector_url + request.url, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        'user-agent': request.headers['user-agent'] ?? '',
      },
    })

  const carry = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const now = weather
    if (Date.now() < closed_until_ms) early++
    if (now.kind === 'reset') return request.socket.resetAndDestroy()
    const body = await buffer(request)
    if (now.kind === 'hung') return hung.add(response)
    if (now.kind === 'busy') {
      if (now.retry_after_s) closed_until_ms = Date.now() + now.retry_after_s * 1_000
      return response.writeHead(now.status, retryAfter(now.retry_after_s)).end()
    }
    const answer = await forward(request, body)
    const text = await answer.text()
    if (now.kind === 'reply lost') return request.socket.resetAndDestroy()
    return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }

  const server = createServer((request, response) => {
    request.on('error', () => response.destroy())
    if (request.method === 'POST') return carry(request, response).catch(() => response.destroy())
    if (request.url === '/shown') shown++
    const isScript = request.url === '/balise.js'
    return response
      .writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
      .end(isScript ? script : html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turn(next) {
      weather = next
      for (const response of hung) response.destroy()
      hung.clear()
    },
    early: () => early,
    shown: () => shown,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const retryAfter = (seconds: number | undefined): Record<string, string> =>
  seconds ? { 'retry-after': String(seconds) } : {}
