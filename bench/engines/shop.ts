import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Batch } from '@balise/shared/wire/envelope'
import type { WireEvent } from '@balise/shared/wire/event'

/** What the collector does with what comes: takes it, says 503, or never answers. */
type Mood = 'takes' | 'busy' | 'hangs'

/** A shop with its collector. Every page is the same, but for its address. */
export type Shop = {
  url: string
  mood: Mood
  /** What the script tag says. */
  attributes: string
  /** The events of a site that were taken, as often as they came. */
  takenOf: (site: string) => WireEvent[]
  stop: () => Promise<void>
}

/** Opens a shop that serves the build in `folder`. */
export const openShop = async (folder: string): Promise<Shop> => {
  const script = await readFile(join(folder, 'balise.js'))
  const taken: Batch[] = []
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const batch = JSON.parse(await text(request)) as Batch
      if (shop.mood === 'hangs') return
      if (shop.mood === 'takes') taken.push(batch)
      response.writeHead(shop.mood === 'takes' ? 202 : 503, { 'content-type': 'application/json' })
      return response.end(JSON.stringify({ accepted: batch.events.length, refused: [] }))
    }
    const isScript = request.url === '/balise.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    return response.end(isScript ? script : pageOf(shop.attributes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const shop: Shop = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mood: 'takes',
    attributes: '',
    takenOf: (site) => taken.filter((batch) => batch.site === site).flatMap(({ events }) => events as WireEvent[]),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return shop
}

/** A link that asks no program for anything, and a form that goes nowhere. */
const pageOf = (attributes: string): string =>
  `<!doctype html><title>Baskets</title><script defer src="/balise.js" ${attributes}></script>
  <a href="tel:+237677000000" onclick="return false">Call</a>
  <form data-balise-form="quote" onsubmit="return false"><button>Send</button></form>`
