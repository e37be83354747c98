import golden from '@balise/shared/fixtures/batch.json' with { type: 'json' }
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Balise, Capture, Options } from '../src/api.ts'
import { openChromium, type Shop } from './chromium.ts'
import { openSite, type Site } from './site.ts'

/** What the module gives, as far as it is needed here. */
type Module = { createBalise: (options: Options) => Balise; engagement: () => Capture }

let browser: Browser
let site: Site
beforeAll(async () => {
  browser = await openChromium()
  site = await openSite()
})
afterAll(async () => {
  await browser.close()
  await site.close()
})

test('what a visitor does travels exactly as the contract’s golden batch', async () => {
  const [view, call, contact, signup, attention] = golden.events
  const person = await browser.newContext({
    locale: 'fr-CM',
    timezoneId: 'Africa/Douala',
    screen: { width: 1440, height: 900 },
    viewport: { width: 1000, height: 800 },
  })
  await person.route('https://shop.example/p/1', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><body style="margin: 0; height: 1000px">' }),
  )
  await person.route('https://shop.example/index.js', async (route) =>
    route.fulfill({ contentType: 'text/javascript', body: await (await fetch(`${site.url}/index.js`)).text() }),
  )
  const sent: string[] = []
  await person.route('https://stats.example/v1/events', (route) => {
    sent.push(route.request().postData() ?? '')
    return route.fulfill({
      status: 202,
      json: { accepted: 5, refused: [] },
      headers: { 'access-control-allow-origin': '*' },
    })
  })
  const page = await person.newPage()
  await page.clock.install({ time: 1_763_649_900_000 })
  await page.goto('https://shop.example/p/1')
  await page.clock.pauseAt(1_763_649_987_000)

  await page.addScriptTag({ type: 'module', content: 'import * as sdk from "/index.js"; window.sdk = sdk' })
  await page.waitForFunction('window.sdk')
  await page.evaluate(
    (ids) => {
      const { createBalise, engagement } = (window as unknown as { sdk: Module }).sdk
      const balise = createBalise({
        site: 'demo',
        endpoint: 'https://stats.example',
        consent: 'none',
        capture: [engagement()],
        before_send: (event) => ({ ...event, id: ids.shift() ?? '' }),
      })
      Object.assign(window, { balise })
    },
    golden.events.map(({ id }) => id),
  )
  const at = async (event: { at: number } | undefined, act: () => void) => {
    await page.clock.pauseAt(event?.at ?? 0)
    await page.evaluate(act)
  }
  expect([view, call, contact, signup, attention]).toHaveLength(5)
  await at(view, () =>
    (window as unknown as Shop).balise.trackPageView({
      url: 'https://shop.example/p/1?utm_source=news',
      title: 'Paniers',
      referrer: 'https://www.google.com/',
      props: { plan: 'pro', seats: 3, trial: false },
    }),
  )
  await at(call, () =>
    (window as unknown as Shop).balise.trackApiCall({
      method: 'GET',
      endpoint: '/users/123?token=s3cret',
      status: 200,
      duration_ms: 41.3,
      bytes: 512,
    }),
  )
  await at(contact, () =>
    (window as unknown as Shop).balise.trackContact({ channel: 'phone', target: '+237600000000' }),
  )
  await at(signup, () =>
    (window as unknown as Shop).balise.track(
      'signup',
      { plan: 'pro' },
      { revenue: { amount: '4900.50', currency: 'XAF' } },
    ),
  )
  await at(attention, () => history.pushState({}, '', '/p/2'))
  await at({ at: golden.sent_at }, () => {
    const { balise } = window as unknown as Shop
    balise.consent.set('anonymous')
    balise.flush()
  })
  await expect.poll(() => sent.length).toBe(1)
  // The wire has room for a time zone, and for a session below analytics, but nothing is made of them: they stay at home.
  const { session: _, page: whole, ...batch } = golden
  const { timezone: __, ...device } = whole
  expect(sent.map((text) => JSON.parse(text))).toEqual([{ ...batch, page: device }])
})
