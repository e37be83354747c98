import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { textsIn } from './texts-in.ts'
import type { Tracker } from './trackers.ts'

/** A request that a tracker made of its collector. */
export type Sent = {
  method: string
  path: string
  /** Of its address and its body, as they travelled. */
  bytes: number
  /** Of the custom event that a page tells, as many as it carries. */
  events: number
}

/** A shop with a page for each tracker, and on another origin a collector that takes everything at once. */
export type Stage = {
  /** The shop's page with a tracker, or the page a visitor goes on to. */
  pageOf: (tracker: Tracker | 'elsewhere') => string
  /** What was sent since this was last asked, preflights too. */
  sent: () => Sent[]
  stop: () => Promise<void>
}

/** Everything is served so that a page may ask for fine clocks: 5 µs instead of 100. */
const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'cross-origin',
}

/** Opens both on ports of their own. Names under `localhost` are this machine, and secure, to every browser. */
export const openStage = async (trackers: readonly Tracker[]): Promise<Stage> => {
  let sent: Sent[] = []
  const answers = Object.assign({}, ...trackers.map(({ answers }) => answers))

  const stats = await open('stats', async (request, response) => {
    const { method = '', url = '' } = request
    const body = await buffer(request)
    const events = textsIn(url, body).reduce((sum, text) => sum + text.split('bought').length - 1, 0)
    sent.push({ method, path: url, bytes: url.length + body.length, events })
    response.writeHead(200, { ...isolated, ...allowing(request), 'content-type': 'application/json' })
    response.end(method === 'OPTIONS' ? '' : JSON.stringify(answers[url.split('?')[0] ?? ''] ?? taken))
  })

  const shop = await open('shop', (request, response) => {
    const [, name = '', file = ''] = (request.url ?? '').split('/')
    const tracker = trackers.find((tracker) => tracker.key === name)
    const script = tracker?.files[file]
    if (script) return response.writeHead(200, { ...isolated, 'content-type': 'text/javascript' }).end(script)
    const head = tracker?.headOf(stats.url) ?? ''
    return response.writeHead(200, { ...isolated, 'content-type': 'text/html' }).end(shopPage(head))
  })

  return {
    pageOf: (tracker) => `${shop.url}/${tracker === 'elsewhere' ? tracker : tracker.key}/`,
    sent() {
      const all = sent
      sent = []
      return all
    },
    stop: async () => void (await Promise.all([stats.stop(), shop.stop()])),
  }
}

/** What every tracker here takes for a yes. */
const taken = { status: 1, code: 200, accepted: 1, refused: [] }

/**
 * The page's own script counts the tasks of more than 50 ms. It touches an element and is on the network, as that of any page:
 * the first to do so pays 70 kB for it, which is no tracker's cost.
 */
const script = `<script>{
  let count = 0
  const observer = new PerformanceObserver((list) => { count += list.getEntries().length })
  observer.observe({ type: 'longtask', buffered: true })
  window.longTasks = () => count + observer.takeRecords().length
  document.currentScript.dataset.language = navigator.language
  fetch('/price').then((answer) => answer.text())
}</script>`

/** A page like a small shop's, the same for every tracker. */
const shopPage = (head: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Baskets</title>${script}${head}</head><body><main>${Array.from(
    { length: 20 },
    (_, nth) =>
      `<article><h2>Basket ${nth}</h2><p>Woven by hand.</p><a href="/elsewhere/?basket=${nth}">Look</a></article>`,
  ).join('')}</main></body></html>`

/** Lets a page of any origin ask anything, once asked for ten minutes. */
const allowing = ({ headers }: IncomingMessage): Record<string, string> => ({
  'access-control-allow-origin': headers.origin ?? '*',
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
  'access-control-max-age': '600',
})

const open = async (name: string, answer: RequestListener) => {
  const server = createServer((request, response: ServerResponse) => {
    request.on('error', () => response.destroy())
    return answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://${name}.localhost:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
