import type { Browser, BrowserContext, Page as Tab } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium, say } from './chromium.ts'
import { type Answer, type Page, platforms } from './platforms.ts'
import { openSite, pageOf, type Site } from './site.ts'

let browser: Browser
let person: BrowserContext
let site: Site
let tab: Tab
let errors: Error[]
beforeAll(async () => {
  browser = await openChromium()
  person = await browser.newContext()
  tab = await person.newPage()
  tab.on('pageerror', (error) => errors.push(error))
})
afterAll(() => browser.close())
beforeEach(async () => {
  site = await openSite()
  errors = []
})
afterEach(async () => {
  await person.clearCookies()
  await site.close()
  expect(errors).toEqual([])
})

/** Opens a page that follows `source`; what `before` does is done before any script of the page. */
const open = async (source: string, { attributes = '', before = '' } = {}): Promise<void> => {
  const platform = `window.platform = Object.values({ ${platforms[source]} })[0](); ${before}`
  site.html = `<script>${platform}</script>${pageOf(`data-with="${source}" ${attributes}`)}`
  // The load event waits for what `data-with` brings.
  await tab.goto(site.url)
}

const load = (known?: Answer) => tab.evaluate((known) => (window as unknown as Page).platform.load(known), known)
const answer = (answer: Answer) => tab.evaluate((answer) => (window as unknown as Page).platform.answer(answer), answer)
const level = () => say(tab, (balise) => balise.consent.get())

describe.each(Object.keys(platforms))('a page that follows %s', (source) => {
  test.each([
    { known: 'nothing', is: 'none' },
    { known: 'measuring', is: 'analytics' },
    { known: 'everything', is: 'marketing' },
  ] as const)('knows at once who allowed $known on an earlier page', async ({ known, is }) => {
    await open(source, { before: `platform.load('${known}')` })
    await expect.poll(level).toBe(is)
  })

  test('does what it does anyway until the person answers, and then what they say each time', async () => {
    await open(source, { before: 'platform.load()' })
    const heard = []
    for (const next of ['measuring', 'everything', 'nothing', 'everything', 'measuring'] as const) {
      heard.push(await level())
      await answer(next)
    }
    expect([...heard, await level()]).toEqual(['anonymous', 'analytics', 'marketing', 'none', 'marketing', 'analytics'])
  })

  test('waits for a platform that comes later, without rising until it says so', async () => {
    await open(source, { attributes: 'data-consent="none"' })
    await say(tab, (balise) => balise.track('early'))
    await load()
    expect(await level()).toBe('none')
    // Where the platform tells nobody that it came, it is looked for ever more rarely.
    await expect.poll(async () => [await answer('measuring'), await level()][1], { timeout: 20_000 }).toBe('analytics')
    const events = await site.events(2)
    expect(events.map((event) => (event.kind === 'custom' ? event.name : event.kind)).sort()).toEqual([
      'early',
      'page_view',
    ])
    expect(site.batches()).toMatchObject([{ consent: 'analytics' }])
  })

  test('stays as it is where the platform never comes', async () => {
    await open(source, { attributes: 'data-consent="none"' })
    await say(tab, (balise) => balise.flush())
    expect(await level()).toBe('none')
    expect(site.posts).toEqual([])
  })

  test('may keep counting without storage who refuses, where the site says so', async () => {
    await open(source, { attributes: 'data-refused="anonymous"', before: `platform.load('nothing')` })
    await answer('everything')
    await expect.poll(level).toBe('marketing')
    await answer('nothing')
    expect(await level()).toBe('anonymous')
  })
})

test('a platform that repeats its answer splits no visit', async () => {
  await open('cookiebot', { attributes: 'data-refused="anonymous"', before: `platform.load('nothing')` })
  for (let times = 0; times < 3; times++) {
    await answer('nothing')
    await say(tab, (balise) => balise.track('asked again'))
  }
  await say(tab, (balise) => balise.flush())
  expect(new Set(site.batches().map(({ session }) => session)).size).toBe(1)
})
