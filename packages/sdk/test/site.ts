import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { type Batch, envelope } from '@balise/shared/wire/envelope'
import { type WireEvent, wireEvent } from '@balise/shared/wire/event'
import { expect } from 'vitest'
import { build } from '../build.ts'

/** What the collector answers to one post. */
type Answer = { status: number; headers?: { [name: string]: string }; body?: unknown }

/** A post that arrived: when, where, and what it said. */
type Post = { at_ms: number; path: string; text: string }

/** A customer's site with a collector on its origin. Every batch it takes is held to the contract. */
export type Site = {
  url: string
  posts: Post[]
  /** The HTML of every page. */
  html: string
  /** Answers a request before the site does; `false` leaves it to the site. */
  serve: (request: IncomingMessage, response: ServerResponse) => boolean
  /** What the collector says to the next posts; by default that it took everything. */
  answer: (post: Post) => Answer
  /** The batches that were taken. */
  batches: () => Batch[]
  /** The events that were taken, once there are at least `count`. */
  events: (count: number) => Promise<WireEvent[]>
  close: () => Promise<void>
}

const taken: Answer = { status: 202, body: { accepted: 1, refused: [] } }

/** Opens a site that serves the SDK. */
export const openSite = async (): Promise<Site> => {
  built = built ?? buildOnce()
  const scripts = await built
  const batches: Batch[] = []

  const post = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request)
    const arrived = { at_ms: Date.now(), path: request.url ?? '', text }
    site.posts.push(arrived)
    const { status, headers = {}, body } = site.answer(arrived)
    if (status === 202) batches.push(batchOf(text))
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

  const server = createServer(async (request, response) => {
    if (site.serve(request, response)) return
    if (request.method === 'POST') return post(request, response)
    const name = request.url ?? ''
    if (name.startsWith('/api/')) return response.writeHead(name.includes('missing') ? 404 : 200).end('{}')
    const script = scripts.get(name)
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' })
    return response.end(script ?? site.html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const site: Site = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts: [],
    html: pageOf(),
    serve: () => false,
    answer: () => taken,
    batches: () => batches,
    async events(count) {
      await expect.poll(() => eventsIn(batches).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count)
      return eventsIn(batches)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return site
}

/** A page with the script tag, as a customer writes it. */
export const pageOf = (attributes = '', body = ''): string =>
  `<!doctype html><title>Paniers</title><script defer src="/balise.js" data-site="demo" ${attributes}></script>${body}`

/** A page whose own module starts the tracker: `moduleOf('sdk.pageViews()')`, with what `more` says of its options. */
export const moduleOf = (capture: string, more = '', body = ''): string =>
  `<!doctype html><title>Paniers</title>${body}<script type="module">
    import * as sdk from '/index.js'
    import * as vitals from '/vitals.js'
    window.balise = sdk.createBalise({ site: 'demo', endpoint: location.origin, capture: [${capture}], ${more} })
  </script>`

/** What the build makes, by the path it is served at. */
type Scripts = ReadonlyMap<string, Buffer>

let built: Promise<Scripts> | undefined

const buildOnce = async (): Promise<Scripts> => {
  const folder = await mkdtemp(join(tmpdir(), 'balise-sdk-'))
  await build(folder)
  const scripts = new Map<string, Buffer>()
  for (const name of globSync('**/*.js', { cwd: folder })) scripts.set(`/${name}`, await readFile(join(folder, name)))
  await rm(folder, { recursive: true })
  return scripts
}

const eventsIn = (batches: readonly Batch[]): WireEvent[] => batches.flatMap(({ events }) => events)

const batchOf = (text: string): Batch => {
  const { events, ...heading } = envelope.parse(JSON.parse(text))
  return { ...heading, events: events.map((event) => wireEvent.parse(event)) }
}
