import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { here } from '../build.ts'
import { openChromium, say } from './chromium.ts'
import { installClock } from './clock.ts'
import { openSite, pageOf, type Site } from './site.ts'

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

const told = async (kind: string) => {
  await say(page, (balise) => balise.flush())
  return site
    .batches()
    .flatMap(({ events }) => events)
    .filter((event) => event.kind === kind)
}

describe('calls to an API', () => {
  const call = (page: Page) =>
    page.evaluate(async () => {
      await fetch('/api/users/123?token=s3cret')
      await new Promise((resolve) => {
        const request = new XMLHttpRequest()
        request.onloadend = resolve
        request.open('GET', '/api/missing')
        request.send()
      })
    })

  test('are told as the browser timed them, ours left out, where the site asks for it', async () => {
    site.html = pageOf('data-with="api-calls"')
    await page.goto(site.url)
    await site.events(1)
    await call(page)
    await expect.poll(() => told('api_call')).toHaveLength(2)
    expect(await told('api_call')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ endpoint: '/api/users/:id', status: 200 }),
        expect.objectContaining({ endpoint: '/api/missing', status: 404 }),
      ]),
    )
  })

  test('are nobody’s business where it does not', async () => {
    await page.goto(site.url)
    await call(page)
    expect(await told('api_call')).toEqual([])
  })
})

describe('attention', () => {
  const long = '<p style="height: 5000px">Long</p>'
  const set = (page: Page, isHidden: boolean) =>
    page.evaluate((isHidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: isHidden })
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    }, isHidden)
  const hide = (page: Page) => set(page, true)
  const show = (page: Page) => set(page, false)
  const wait = (seconds: number) => (page: Page) => page.clock.runFor(seconds * 1_000)
  const scroll = (to: number) => (page: Page) =>
    page.evaluate(async (to) => {
      const scrolled = new Promise((resolve) => addEventListener('scrollend', resolve, { once: true }))
      scrollTo(0, to)
      await scrolled
    }, to)
  /** Starts the tracker while time stands still. */
  const start = (page: Page) =>
    page.evaluate(async () => {
      const script = Object.assign(document.createElement('script'), { src: '/balise.js' })
      script.dataset['site'] = 'demo'
      const loaded = new Promise((resolve) => script.addEventListener('load', resolve))
      document.head.append(script)
      await loaded
    })
  const go = (page: Page) => page.evaluate(() => history.pushState({}, '', '/next'))
  const focus = (has: boolean) => (page: Page) =>
    page.evaluate((has) => {
      document.hasFocus = () => has
      dispatchEvent(new Event(has ? 'focus' : 'blur'))
    }, has)

  type Stretch = { at: string; seconds: number; scroll_percent: number }
  const stays: { says: string; body: string; does: ((page: Page) => Promise<unknown>)[]; tells: Stretch[] }[] = [
    {
      says: 'is told once when the page hides, however often it says so',
      body: long,
      does: [wait(3), hide, hide],
      tells: [{ at: '/long', seconds: 3, scroll_percent: 14 }],
    },
    {
      says: 'goes as deep as the page was seen, though the visitor came back up',
      body: long,
      does: [scroll(2_000), scroll(0), wait(1), hide],
      tells: [{ at: '/long', seconds: 1, scroll_percent: 54 }],
    },
    {
      says: 'ends with the whole of a page that has nothing to scroll',
      body: 'Short',
      does: [wait(2), hide],
      tells: [{ at: '/long', seconds: 2, scroll_percent: 100 }],
    },
    {
      says: 'rests while the page is hidden, and adds another stretch',
      body: long,
      does: [wait(1), hide, wait(60), show, scroll(5_000), wait(4), hide],
      tells: [
        { at: '/long', seconds: 1, scroll_percent: 14 },
        { at: '/long', seconds: 4, scroll_percent: 100 },
      ],
    },
    {
      says: 'rests while another window has the focus',
      body: 'Short',
      does: [wait(1), focus(false), wait(60), focus(true), wait(2), hide],
      tells: [{ at: '/long', seconds: 3, scroll_percent: 100 }],
    },
    {
      says: 'belongs to the page it was given to, in a router too',
      body: long,
      does: [scroll(5_000), wait(2), go, scroll(0), wait(5), hide],
      tells: [
        { at: '/long', seconds: 2, scroll_percent: 100 },
        { at: '/next', seconds: 5, scroll_percent: 14 },
      ],
    },
    {
      says: 'of a moment is none, so that a router may pass through',
      body: 'Short',
      does: [wait(2), (page) => page.evaluate(() => history.pushState({}, '', '/old')), go, wait(1), hide],
      tells: [
        { at: '/long', seconds: 2, scroll_percent: 100 },
        { at: '/next', seconds: 1, scroll_percent: 100 },
      ],
    },
    { says: 'that was never given is not told', body: 'Short', does: [focus(false), wait(5), hide], tells: [] },
  ]

  test.each(stays)('$says', async ({ body, does, tells }) => {
    site.html = `<!doctype html><body style="margin: 0">${body}</body>`
    await page.setViewportSize({ width: 800, height: 720 })
    await installClock(page, { time: 0 })
    await page.goto(`${site.url}/long`)
    await page.clock.pauseAt(3_600_000)
    await start(page)
    for (const act of does) await act(page)
    const stretches = (await told('engagement')).flatMap((event) => (event.kind === 'engagement' ? [event] : []))
    expect(
      stretches.map(({ url, engaged_ms, scroll_percent }) => {
        return { at: url.replace(site.url, ''), seconds: engaged_ms / 1_000, scroll_percent }
      }),
    ).toEqual(tells)
  })

  test('begins anew on a page that comes back from the cache', async () => {
    site.html = pageOf()
    await page.goto(`${site.url}/a`)
    await page.waitForFunction(() => performance.now() > 300)
    site.html = '<title>Elsewhere</title>'
    await page.goto(`${site.url}/elsewhere`)
    site.html = pageOf()
    await page.goBack({ waitUntil: 'commit' })
    const back = await page.evaluate(() => performance.now())
    await page.waitForFunction((since) => performance.now() > since + 300, back)
    await page.goto(`${site.url}/b`)
    const stretches = () => site.batches().flatMap(({ events }) => events.filter(({ kind }) => kind === 'engagement'))
    const addresses = () => stretches().map(({ url }) => url)
    await expect.poll(addresses, { timeout: 10_000 }).toEqual([`${site.url}/a`, `${site.url}/a`])
  })
})

test('a call that is none, said before the script came, costs no other', async () => {
  site.html = `<script>window.balise = { calls: [[['trackEvent'], ['x']], [['consent', 'set'], ['none']]] }</script>${pageOf('data-with="js-errors"')}`
  await page.goto(site.url)
  await page.waitForFunction(() => document.querySelector('script[src$="balise-js-errors.js"]'))
  expect(await say(page, (balise) => balise.consent.get())).toBe('none')
  expect(site.posts).toEqual([])
})

test('what was said before the script came is kept by the README’s stub', async () => {
  const [stub] = readFileSync(here('README.md'), 'utf8').match(/<script>\s*const later[\s\S]*?<\/script>/) ?? []
  expect(stub).toBeDefined()
  site.html = `${stub}<script>balise.track('early', { first: true }); balise.consent.set('marketing'); balise.identify('customer-1')</script>${pageOf()}`
  await page.goto(site.url)
  const events = (await site.events(2)).toSorted((a, b) => a.kind.localeCompare(b.kind))
  expect(events).toMatchObject([{ kind: 'custom', name: 'early', props: { first: true } }, { kind: 'page_view' }])
  expect(site.batches()).toMatchObject([{ consent: 'marketing', user: 'customer-1' }])
})
