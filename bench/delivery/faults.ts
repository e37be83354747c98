import type { Hands } from './hands.ts'

/** Something that goes wrong around ten events or more, done to a page that has just told its page view. */
export type Fault = {
  name: string
  /** Does it. What it is given has told nothing yet but the page view. */
  act: (hands: Hands) => Promise<unknown>
  /** Runs in each page before anything else. */
  before?: string
  /** Of the eleven whose mean the peers were measured by. */
  peers?: true
  /** It befalls a collector of its own, whose database can be taken away. */
  stranded?: true
  /** Nobody is left to send some of it: only what was stored can arrive, on a return visit. */
  needs_storage?: true
}

const outage_ms = 5_000

/** The matrix. */
export const faults: readonly Fault[] = [
  {
    name: 'navigation right after',
    peers: true,
    act: ({ tell, page }) => tell().then(() => page().goto('about:blank')),
  },
  { name: 'tab closed right after', peers: true, act: ({ tell, page }) => tell().then(() => page().close()) },
  { name: 'renderer killed right after', peers: true, act: ({ tell, killRenderers }) => tell().then(killRenderers) },
  {
    name: 'offline 3 s, then online',
    peers: true,
    async act({ tell, offline, wait }) {
      await offline(true)
      await tell()
      await wait(3_000)
      await offline(false)
    },
  },
  {
    name: 'offline, closed, reopened',
    peers: true,
    needs_storage: true,
    async act({ tell, offline, page, proxy, wait }) {
      await offline(true)
      await tell()
      await wait(500)
      await page().close()
      await wait(500)
      proxy.turn({ kind: 'fair' })
    },
  },
  { name: '503 for 5 s', peers: true, act: outage({ kind: 'busy', status: 503 }) },
  { name: 'connection reset for 5 s', peers: true, act: outage({ kind: 'reset' }) },
  { name: '429 with Retry-After: 3', peers: true, act: outage({ kind: 'busy', status: 429, retry_after_s: 3 }) },
  { name: '200 events of 1 kB at once', peers: true, act: ({ tell }) => tell({ count: 200, bytes: 1_000 }) },
  {
    name: 'storage blocked, tab closed',
    peers: true,
    before: `for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
      Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError') } })`,
    act: ({ tell, page }) => tell().then(() => page().close()),
  },
  {
    name: 'storage full, tab closed',
    peers: true,
    before: `Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }`,
    async act({ tell, page, fill }) {
      await fill()
      await tell()
      await page().close()
    },
  },
  {
    name: 'storage throws, tab closed',
    before: `Storage.prototype.getItem = Storage.prototype.setItem = IDBFactory.prototype.open = () => { throw new Error('broken') }`,
    act: ({ tell, page }) => tell().then(() => page().close()),
  },
  { name: '500 for 5 s', act: outage({ kind: 'busy', status: 500 }) },
  { name: '503 with Retry-After: 3', act: outage({ kind: 'busy', status: 503, retry_after_s: 3 }) },
  { name: 'reply lost after the write', act: outage({ kind: 'reply lost' }) },
  { name: 'collector hung for 5 s', act: outage({ kind: 'hung' }) },
  {
    name: 'collector hung until the tab was closed',
    needs_storage: true,
    async act({ tell, page, proxy, wait }) {
      proxy.turn({ kind: 'hung' })
      await tell()
      await wait(1_500)
      await page().close()
      await wait(500)
      proxy.turn({ kind: 'fair' })
    },
  },
  {
    name: 'database gone for 5 s',
    stranded: true,
    async act({ tell, wait, cutDatabase }) {
      cutDatabase(true)
      await tell()
        .then(() => wait(outage_ms))
        .finally(() => cutDatabase(false))
    },
  },
  {
    name: '110 events of 1 kB wait, tab closed',
    needs_storage: true,
    async act({ tell, page, proxy, wait }) {
      proxy.turn({ kind: 'reset' })
      await tell({ count: 110, bytes: 1_000 })
      await wait(500)
      proxy.turn({ kind: 'fair' })
      await page().close()
    },
  },
  {
    name: '110 events of 1 kB told, tab closed',
    needs_storage: true,
    async act({ tell, page }) {
      await tell({ count: 110, bytes: 1_000 })
      await page().close()
    },
  },
  {
    name: 'two tabs at once, both closed',
    async act({ tell, page, open }) {
      await tell()
      const first = page()
      await open()
      await tell()
      await Promise.all([first.close(), page().close()])
    },
  },
  ...([
    ['ahead', ''],
    ['behind', '-'],
  ].map(([where, sign]) => ({
    name: `clock a year ${where}, tab closed`,
    before: `{
      const real = Date
      const now = () => real.now() + ${sign}365 * 86_400_000
      window.Date = class extends real {
        static now = now
        constructor(...given) { super(...(given.length ? given : [now()])) }
      }
    }`,
    act: ({ tell, page }: Hands) => tell().then(() => page().close()),
  })) satisfies readonly Fault[]),
  {
    name: 'into the back-forward cache and out',
    async act({ tell, awayAndBack }) {
      await tell()
      await awayAndBack()
      await tell()
    },
  },
  {
    name: 'told while prerendering, shown, closed',
    act: ({ prerender }) => prerender(),
  },
  {
    name: 'hidden, frozen, renderer killed',
    async act({ tell, hide, freeze, killRenderers }) {
      await tell()
      await hide()
      await freeze()
      await killRenderers()
    },
  },
  {
    name: 'hidden and shown ten times',
    async act({ tell, hide, show }) {
      for (let nth = 0; nth < 10; nth++) {
        await tell({ count: 2 })
        await hide()
        await show()
      }
    },
  },
  {
    name: 'browser SIGKILL 100 ms after',
    needs_storage: true,
    act: ({ tell, wait, killBrowser }) =>
      tell()
        .then(() => wait(100))
        .then(killBrowser),
  },
  {
    name: 'page at rest, browser SIGKILL 100 ms after',
    needs_storage: true,
    async act({ tell, wait, killBrowser }) {
      // What a page tells in its first second waits for the second to end.
      await wait(2_500)
      await tell()
      await wait(100)
      await killBrowser()
    },
  },
  {
    name: 'offline, browser SIGKILL 100 ms after',
    needs_storage: true,
    async act({ tell, wait, offline, killBrowser, proxy }) {
      await offline(true)
      await tell()
      await wait(100)
      await killBrowser()
      proxy.turn({ kind: 'fair' })
    },
  },
  {
    name: 'offline, browser SIGKILL 3 s after',
    needs_storage: true,
    async act({ tell, wait, offline, killBrowser, proxy }) {
      await offline(true)
      await tell()
      await wait(3_000)
      await killBrowser()
      proxy.turn({ kind: 'fair' })
    },
  },
]

/** Events told as the weather turns; it clears later, and the page stays. */
function outage(weather: Parameters<Hands['proxy']['turn']>[0]): Fault['act'] {
  return async ({ tell, proxy, wait }) => {
    proxy.turn(weather)
    await tell()
    await wait(outage_ms)
    proxy.turn({ kind: 'fair' })
  }
}
