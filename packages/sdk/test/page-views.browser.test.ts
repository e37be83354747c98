import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { meet } from '../../../bench/delivery/person.ts'
import { openChromium, say } from './chromium.ts'
import { installClock } from './clock.ts'
import { moduleOf, openSite, pageOf, type Site } from './site.ts'

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

/** Lets the address hold as long as a page has to. */
const rest = () => page.clock.runFor(150)

/** The views that the collector has, as path and query. */
const taken = (): { to: string; from: string | undefined }[] => {
  const events = site.batches().flatMap(({ events }) => events)
  return events
    .filter(({ kind }) => kind === 'page_view')
    .map(({ url, referrer }) => ({ to: url.replace(site.url, ''), from: referrer?.replace(site.url, '') }))
}

/** The same, once all was sent. */
const views = async (): Promise<ReturnType<typeof taken>> => {
  await say(page, (balise) => balise.flush())
  return taken()
}

test('a page that loads is one view, with its title, its campaign and where it was come from', async () => {
  await page.goto(`${site.url}/p/1?utm_source=news&session_token=s3cret#reviews`, {
    referer: 'https://www.google.com/',
  })
  const [view] = await site.events(1)
  expect(view).toMatchObject({
    kind: 'page_view',
    url: `${site.url}/p/1?utm_source=news`,
    title: 'Paniers',
    referrer: 'https://www.google.com/',
  })
})

const moves: { says: string; move: (page: Page) => Promise<unknown>; seen: string[] }[] = [
  { says: 'pushState', move: (page) => page.evaluate(() => history.pushState({}, '', '/b')), seen: ['/b'] },
  { says: 'replaceState', move: (page) => page.evaluate(() => history.replaceState({}, '', '/b')), seen: ['/b'] },
  {
    says: 'push and replace in one breath, as a redirect does,',
    move: (page) =>
      page.evaluate(() => {
        history.pushState({}, '', '/b')
        history.replaceState({}, '', '/c')
      }),
    seen: ['/c'],
  },
  {
    says: 'push, then back',
    move: async (page) => {
      await page.evaluate(() => history.pushState({}, '', '/b'))
      await rest()
      await page.goBack()
    },
    seen: ['/b', '/a'],
  },
  {
    says: 'push and back in one breath',
    move: (page) =>
      page.evaluate(() => {
        history.pushState({}, '', '/b')
        history.replaceState({}, '', '/a')
      }),
    seen: [],
  },
  { says: 'the same address again', move: (page) => page.evaluate(() => history.pushState({}, '', '/a')), seen: [] },
  { says: 'another fragment', move: (page) => page.evaluate(() => location.assign('#reviews')), seen: [] },
  { says: 'another state', move: (page) => page.evaluate(() => history.replaceState({ open: true }, '')), seen: [] },
]

describe.each([
  { where: 'by the Navigation API', script: '' },
  { where: 'by History where that is missing', script: 'delete Window.prototype.navigation; delete window.navigation' },
])('$where', ({ script }) => {
  test.each(moves)('$says is seen as $seen', async ({ move, seen }) => {
    await person.addInitScript(script)
    await installClock(page)
    await page.goto(`${site.url}/a`)
    expect(await page.evaluate(() => 'navigation' in window)).toBe(script === '')
    await move(page)
    await rest()
    const [, ...told] = await views()
    expect(told.map(({ to }) => to)).toEqual(seen)
    expect(told.map(({ from }) => from)).toEqual(['/a', ...seen].slice(0, seen.length))
  })
})

test.each(['var navigation = [1]; var screen = "home"', 'const navigation = document.documentElement; let screen'])(
  'a page with names of its own is counted, and left in peace: %s',
  async (names) => {
    const thrown: unknown[] = []
    page.on('pageerror', (error) => thrown.push(error))
    site.html = `<script>${names}</script>${pageOf()}`
    await page.goto(`${site.url}/a`)
    await site.events(1)
    await page.evaluate(() => history.pushState({}, '', '/b'))
    await expect.poll(async () => (await views()).map(({ to }) => to)).toEqual(['/a', '/b'])
    expect(thrown).toEqual([])
  },
)

test('the page’s address travels in no header', async () => {
  const referrers: (string | undefined)[] = []
  site.serve = ({ method, headers }) => {
    if (method === 'POST') referrers.push(headers.referer)
    return false
  }
  await page.goto(`${site.url}/reset/jane@mail.example?token=secret`)
  await site.events(1)
  expect(referrers).toEqual([`${site.url}/`])
})

test('a page that comes back from the cache is seen once more', async () => {
  await page.goto(`${site.url}/a`)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  await site.events(1)
  site.html = '<title>Elsewhere</title>'
  await page.goto(`${site.url}/elsewhere`)
  await page.goBack({ waitUntil: 'commit' })
  await expect.poll(async () => (await views()).map(({ to }) => to)).toEqual(['/a', '/a'])
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
})

test('a page that is prerendered is silent until somebody sees it', async () => {
  await person.addInitScript(() => {
    Object.defineProperty(document, 'prerendering', { configurable: true, value: true })
  })
  site.html = pageOf('', '<script>addEventListener("load", () => balise.track("early"))</script>')
  await page.goto(`${site.url}/a`)
  await say(page, (balise) => balise.flush())
  expect(site.posts).toEqual([])

  await page.evaluate(() => {
    Object.defineProperty(document, 'prerendering', { value: false })
    document.dispatchEvent(new Event('prerenderingchange'))
  })
  expect((await site.events(2)).map(({ kind }) => kind)).toEqual(['custom', 'page_view'])
})

test('a page that hides right after it was come to is seen all the same', async () => {
  await page.goto(`${site.url}/a`)
  await page.evaluate(() => {
    history.pushState({}, '', '/b')
    dispatchEvent(new Event('pagehide'))
  })
  await expect.poll(async () => (await views()).map(({ to }) => to)).toEqual(['/a', '/b'])
})

describe('a page is called', () => {
  const push = (to: string) => (page: Page) => page.evaluate((to) => history.pushState({}, '', to), to)
  const fragment = (to: string) => (page: Page) => page.evaluate((to) => location.assign(to), to)
  const canonical = '<link rel="canonical" href="https://shop.example/p/1?color=red">'

  const names: {
    by: string
    html: string
    opens: string
    moves: ((page: Page) => Promise<unknown>)[]
    seen: string[]
  }[] = [
    {
      by: 'its address, without the fragment',
      html: pageOf(),
      opens: '/a?q=1#part',
      moves: [fragment('#other'), push('/b#part')],
      seen: ['/a', '/b'],
    },
    {
      by: 'its fragment, where the script tag says so',
      html: pageOf('data-hash'),
      opens: '/?utm_source=x#/a',
      moves: [fragment('#/b?tab=1'), fragment('#/b?tab=1'), fragment('#'), (page) => page.goBack()],
      seen: ['/a?utm_source=x', '/b?utm_source=x', '/?utm_source=x', '/b?utm_source=x'],
    },
    {
      by: 'its address, where its fragment answers a sign-in',
      html: pageOf('data-hash'),
      opens: '/#access_token=abcDEF12345&state=/a',
      moves: [fragment('#/b')],
      seen: ['/', '/b'],
    },
    {
      by: 'its address with what the script tag keeps of its query',
      html: pageOf('data-allow-query="ids[] page"'),
      opens: '/a?ids[]=7&q=1&page=2',
      moves: [],
      seen: ['/a?ids[]=7&page=2'],
    },
    {
      by: 'its fragment, where the app says so',
      html: moduleOf('sdk.pageViews()', 'address: sdk.hashAddress()'),
      opens: '/app#/a',
      moves: [fragment('#/b')],
      seen: ['/app/a', '/app/b'],
    },
    {
      by: 'its canonical address with its own campaign, and by its own once a router moves on',
      html: moduleOf('sdk.pageViews()', 'address: sdk.canonicalAddress()', canonical),
      opens: '/p/1/red?utm_source=x',
      moves: [fragment('#part'), push('/p/2'), (page) => page.goBack()],
      seen: ['https://shop.example/p/1?utm_source=x', '/p/2', 'https://shop.example/p/1?utm_source=x'],
    },
    {
      by: 'its address, where it names no canonical one',
      html: moduleOf('sdk.pageViews()', 'address: sdk.canonicalAddress()'),
      opens: '/a',
      moves: [],
      seen: ['/a'],
    },
    {
      by: 'nothing, where the site tells by hand',
      html: pageOf('data-without="page-views"'),
      opens: '/a',
      moves: [push('/b'), (page) => say(page, (balise) => balise.trackPageView({ url: '/by-hand' }))],
      seen: ['/by-hand'],
    },
  ]

  test.each(names)('by $by', async ({ html, opens, moves, seen }) => {
    site.html = html
    await installClock(page)
    await page.goto(site.url + opens)
    await page.waitForFunction('window.balise')
    for (const move of moves) {
      await move(page)
      await rest()
    }
    expect((await views()).map(({ to }) => to)).toEqual(seen)
  })
})

test('a page that the browser prerendered is one view, once it is shown', async () => {
  site.html = pageOf(
    '',
    `<script>
      const prerender = () => {
        const text = '{"prerender":[{"source":"list","urls":["/next"],"eagerness":"immediate"}]}'
        document.head.append(Object.assign(document.createElement('script'), { type: 'speculationrules', text }))
        setTimeout(() => { location.href = '/next' }, 4_000)
      }
      // The tracker listens in the same place, and so hears of it after this, which waits for the answer.
      const shown = () => {
        const request = new XMLHttpRequest()
        request.open('GET', '/shown', false)
        request.send()
      }
      if (document.prerendering) addEventListener('prerenderingchange', shown, true)
      else if (location.pathname === '/a') fetch('/unwatched').then(prerender)
    </script>`,
  )
  const seen = () => taken().map(({ to }) => to)
  const seenBefore: string[][] = []
  let unwatch = () => {}
  const unwatched = new Promise<void>((resolve) => {
    unwatch = resolve
  })
  site.serve = ({ url }, response) => {
    if (url === '/unwatched') unwatched.then(() => response.end())
    else if (url === '/shown') response.end(`${seenBefore.push(seen())}`)
    else return false
    return true
  }
  const somebody = meet()
  try {
    const tab = await somebody.openTab()
    await tab.goto(`${site.url}/a`)
    await somebody.lookAway()
    unwatch()
    await expect.poll(() => seenBefore, { timeout: 20_000 }).toEqual([['/a']])
    await expect.poll(seen, { timeout: 10_000 }).toEqual(['/a', '/next'])
  } finally {
    await somebody.leave()
  }
})

test('two tags on one page count it once', async () => {
  site.html = pageOf() + pageOf()
  await page.goto(`${site.url}/a`)
  expect((await views()).map(({ to }) => to)).toEqual(['/a'])
})
