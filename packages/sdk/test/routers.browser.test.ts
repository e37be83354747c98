import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openChromium, say } from './chromium.ts'
import { installClock } from './clock.ts'
import { bundleOf } from './routers/bundle.ts'
import { openSite, pageOf, type Site } from './site.ts'

const routers = [
  { router: 'React Router', file: 'react-router.jsx' },
  { router: 'TanStack Router', file: 'tanstack-router.jsx' },
  { router: 'Vue Router', file: 'vue-router.js' },
  { router: 'Next, as its App Router treats History', file: 'next-app-router.js' },
  { router: 'SvelteKit, as its client treats History', file: 'sveltekit.js' },
  { router: 'htmx 2', file: 'htmx.js' },
  { router: 'htmx 4', file: 'htmx.js' },
]

/** Does what a visitor or the page does, and says which page has to be shown then. */
type Move = (page: Page) => Promise<unknown>
const press =
  (name: string): Move =>
  (page) =>
    page.getByText(name, { exact: true }).click()

const walk: { says: string; move: Move; shows: string; sees: string[] }[] = [
  { says: 'the page it opens', move: async () => {}, shows: '/', sees: ['/'] },
  { says: 'a link', move: press('to a'), shows: '/a', sees: ['/a'] },
  { says: 'a push', move: press('push b'), shows: '/b', sees: ['/b'] },
  { says: 'a replace with the same address', move: press('replace same'), shows: '/b', sees: [] },
  { says: 'another fragment', move: press('push fragment'), shows: '/b', sees: [] },
  { says: 'back to before the fragment', move: (page) => page.goBack(), shows: '/b', sees: [] },
  { says: 'back', move: (page) => page.goBack(), shows: '/a', sees: ['/a'] },
  { says: 'forward', move: (page) => page.goForward(), shows: '/b', sees: ['/b'] },
  { says: 'a replace', move: press('replace c'), shows: '/c', sees: ['/c'] },
  { says: 'a redirect by the router', move: press('push redirected'), shows: '/new', sees: ['/new'] },
  { says: 'back from the redirect', move: (page) => page.goBack(), shows: '/c', sees: ['/c'] },
  { says: 'a redirect by the page shown', move: press('push moved'), shows: '/new', sees: ['/new'] },
]

let browser: Browser
let person: BrowserContext
let site: Site
let page: Page
beforeAll(async () => {
  browser = await openChromium()
})
afterAll(() => browser.close())
beforeEach(async () => {
  site = await openSite()
  person = await browser.newContext()
  page = await person.newPage()
})
afterEach(async () => {
  await person.close()
  await site.close()
})

const views = async (): Promise<string[]> => {
  await say(page, (balise) => balise.flush())
  const events = site.batches().flatMap(({ events }) => events)
  return events.filter(({ kind }) => kind === 'page_view').map(({ url }) => url.replace(site.url, ''))
}

/** Waits for a page to be shown. The clock hardly moves meanwhile: just so that the timers of routers which have some run out. */
const isShown = (path: string): Promise<void> =>
  vi.waitFor(
    async () => {
      await page.clock.runFor(1)
      expect(await page.getByRole('heading', { name: path, exact: true }).isVisible()).toBe(true)
    },
    { timeout: 15_000, interval: 10 },
  )

const content = (path: string) => `<h1>${path}</h1><a href="/a" hx-boost="true" hx-target="#app">to a</a>`
const html = (path: string) =>
  `${pageOf()}<script defer src="/app.js"></script><body><main id="app" hx-history-elt>${content(path)}</main>`

/** Serves the app, and to htmx pages and pieces of them. */
const serving = (script: string) => (request: IncomingMessage, response: ServerResponse) => {
  const { url = '', headers } = request
  if (url === '/app.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
  else if (headers['hx-history-restore-request']) response.end(html(url))
  else if (!headers['hx-request']) return false
  else if (url === '/old' || url === '/moved') response.writeHead(302, { location: '/new' }).end()
  else response.writeHead(200, { 'content-type': 'text/html' }).end(content(url))
  return true
}

describe.each(routers)('$router', ({ router, file }) => {
  let script: string
  beforeAll(async () => {
    script = await bundleOf(router, file)
  })

  test.each([
    { engine: 'the Navigation API', init: '' },
    { engine: 'History', init: 'delete Window.prototype.navigation; delete window.navigation' },
  ])('is seen once for each page it shows, by $engine', async ({ init }) => {
    site.serve = serving(script)
    site.html = html('/')
    await person.addInitScript(init)
    // How fast this machine is is no matter. From before the page opens: a clock that leaps later takes a request under way
    // for one that hung, which is then made again.
    const now = Date.now()
    await installClock(page, { time: now })
    await page.clock.pauseAt(now + 60_000)
    await page.goto(site.url)
    const seen: string[] = []
    for (const { says, move, shows, sees } of walk) {
      await move(page)
      await isShown(shows)
      await page.clock.runFor(150)
      seen.push(...sees)
      expect(await views(), says).toEqual(seen)
    }
  })
})
