import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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

const open = async (html: string, path = '/p/1') => {
  site.html = html
  await page.goto(site.url + path, { waitUntil: 'networkidle' })
}

const events = () => site.batches().flatMap(({ events }) => events)
const told = async (name: string) => {
  await say(page, (balise) => balise.flush())
  return events().filter((event) => event.kind === 'custom' && event.name === name)
}

const hide = (page: Page) =>
  page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' })
    Object.defineProperty(document, 'hidden', { configurable: true, value: true })
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  })

const link =
  '<a href="tel:+1" onclick="return false">Call</a><a href="https://shop.example" onclick="return false">Go</a>'

describe('a script tag chooses what is noticed', () => {
  test.each([
    { attributes: '', tells: ['page_view', 'contact', 'custom', 'engagement'] },
    { attributes: 'data-without="page-views"', tells: ['contact', 'custom', 'engagement'] },
    { attributes: 'data-without="contacts"', tells: ['page_view', 'custom', 'engagement'] },
    { attributes: 'data-without="outbound engagement"', tells: ['page_view', 'contact'] },
    { attributes: 'data-without="page-views contacts outbound engagement"', tells: [] },
  ])('with `$attributes` $tells', async ({ attributes, tells }) => {
    await installClock(page)
    await open(pageOf(attributes, link))
    await page.clock.runFor(200)
    await page.getByText('Call').click()
    await page.getByText('Go').click()
    await hide(page)
    await say(page, (balise) => balise.flush())
    expect(
      events()
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(tells.toSorted())
  })

  test.each([
    { tag: pageOf('data-with="js-errors"') },
    { tag: `${pageOf()}<script defer src="/balise-js-errors.js"></script>` },
    { tag: moduleOf('sdk.pageViews(), sdk.jsErrors()') },
    {
      tag: `${moduleOf('sdk.pageViews()')}<script type="module">
        import { jsErrors } from '/index.js'
        balise.notice(jsErrors())
      </script>`,
    },
  ])('and what stands beside it: $tag', async ({ tag }) => {
    await open(tag)
    await page.evaluate(() => setTimeout(() => Promise.reject(new Error('Lost')), 0))
    await expect.poll(() => told('js_error')).toMatchObject([{ props: { message: 'Error: Lost' } }])
  })

  test('and a name that is none harms nobody', async () => {
    const thrown: Error[] = []
    page.on('pageerror', (error) => thrown.push(error))
    site.serve = (request, response) => {
      if (request.url !== '/balise-nothing.js') return false
      response.writeHead(404).end()
      return true
    }
    await open(pageOf('data-with="nothing"'))
    expect((await site.events(1)).map(({ kind }) => kind)).toEqual(['page_view'])
    expect(thrown).toEqual([])
  })
})

describe('an error that nobody caught', () => {
  test.each([
    {
      says: 'is told with its file and line',
      act: 'null.x',
      message: /^Uncaught TypeError: /,
      source: /\/shop\.js:1$/,
    },
    {
      says: 'loses what its file was asked with',
      act: 'null.x',
      query: '?key=s3cret',
      message: /TypeError/,
      source: /\/shop\.js:1$/,
    },
    { says: 'loses addresses', act: 'throw new Error("no jane@mail.example")', message: /no :email$/, source: /:1$/ },
    { says: 'may be anything', act: 'throw "text"', message: /^Uncaught text$/, source: /:1$/ },
    {
      says: 'is told as a rejection',
      act: 'Promise.reject(new RangeError("far"))',
      message: /^RangeError: far$/,
      source: /\/shop\.js:1$/,
    },
    { says: 'is told as a rejection without an error', act: 'Promise.reject()', message: /^undefined$/, source: /^$/ },
    {
      says: 'is cut to what fits',
      act: 'throw new Error("x".repeat(9000))',
      message: /^Uncaught Error: x{484}$/,
      source: /:1$/,
    },
  ])('$says', async ({ act, query = '', message, source }) => {
    site.serve = (request, response) => {
      if (!request.url?.startsWith('/shop.js')) return false
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(act)
      return true
    }
    await open(`${pageOf('data-with="js-errors"')}<body></body>`)
    await page.evaluate((src) => {
      document.body.append(Object.assign(document.createElement('script'), { src }))
    }, `/shop.js${query}`)
    await expect.poll(() => told('js_error')).toHaveLength(1)
    expect(await told('js_error')).toMatchObject([
      { props: { message: expect.stringMatching(message), source: expect.stringMatching(source) } },
    ])
  })

  test('is told once, and at most 20 are', async () => {
    await open(moduleOf('sdk.jsErrors()'))
    await page.evaluate(() => {
      for (let at = 0; at < 30; at++)
        for (let again = 0; again < 3; again++) setTimeout(`throw new Error("number ${at}")`)
    })
    await expect.poll(() => told('js_error')).toHaveLength(20)
    await page.evaluate(() => setTimeout('throw new Error("late")'))
    expect(await told('js_error')).toHaveLength(20)
  })

  test('is not a missing image, a noisy observer or an extension’s affair', async () => {
    await open(moduleOf('sdk.jsErrors()', '', '<img src="/missing.png">'))
    await page.evaluate(() => {
      const filename = 'chrome-extension://abc/inject.js'
      dispatchEvent(new ErrorEvent('error', { message: 'Uncaught Error: theirs', filename, lineno: 1 }))
      dispatchEvent(
        new ErrorEvent('error', { message: 'ResizeObserver loop completed with undelivered notifications.' }),
      )
      dispatchEvent(new ErrorEvent('error', { message: 'ours' }))
    })
    await expect.poll(() => told('js_error')).toMatchObject([{ props: { message: 'ours', source: '' } }])
  })
})

describe('web vitals', () => {
  const slow =
    '<p style="font-size: 50px">Paniers</p><button onclick="for (const end = performance.now() + 80; performance.now() < end;);">Busy</button>'

  test.each([
    { how: 'as a module', html: moduleOf('sdk.pageViews(), vitals.webVitals()', '', slow) },
    { how: 'beside the script', html: pageOf('data-with="web-vitals"', slow) },
  ])('are told once each, $how, under the address that was loaded', async ({ html }) => {
    await open(html)
    await page.getByText('Busy').click()
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 2_000 })))
    await page.evaluate(() => history.pushState({}, '', '/p/2'))
    await hide(page)
    await hide(page)
    const names = async () => (await told('web_vital')).map(({ props }) => props?.['name']).toSorted()
    await expect.poll(names).toEqual(['CLS', 'FCP', 'INP', 'LCP', 'TTFB'])
    for (const { url, props } of await told('web_vital')) {
      expect(url).toBe(`${site.url}/p/1`)
      expect(props).toMatchObject({
        value: expect.any(Number),
        rating: expect.any(String),
        navigation_type: 'navigate',
      })
    }
  })

  test('leave with a page that is closed', async () => {
    await open(moduleOf('vitals.webVitals()', '', slow))
    await page.close({ runBeforeUnload: true })
    await expect
      .poll(() => events().map((event) => event.props?.['name']), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(['CLS', 'FCP', 'LCP', 'TTFB']))
  })
})
