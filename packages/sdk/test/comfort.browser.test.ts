import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium, type Shop, say } from './chromium.ts'
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

const sent = () => site.batches().flatMap(({ events }) => events)

describe('a hook that sees each event before it is sent', () => {
  const hook = `(event) => {
    if (event.name === 'broken') throw new Error('broken')
    if (event.name === 'secret') return null
    return { ...event, props: { ...event.props, by: 'jane@mail.example' }, url: event.url.replace('/p/1', '/p/:product') }
  }`

  test.each([
    {
      door: 'the script',
      html: `<script>const redact = ${hook}; window.redact = redact</script>${pageOf('data-before-send="redact"')}`,
    },
    { door: 'createBalise', html: moduleOf('sdk.pageViews()', `before_send: ${hook}`) },
  ])('changes or drops it, and what it adds is scrubbed: $door', async ({ html }) => {
    site.html = html
    await page.goto(`${site.url}/p/1`)
    await say(page, (balise) => {
      for (const name of ['signup', 'secret', 'broken']) balise.track(name, { plan: 'pro' })
    })
    await say(page, (balise) => balise.flush())
    const url = `${site.url}/p/:product`
    expect(sent()).toMatchObject([
      { kind: 'page_view', url, props: { by: ':email' } },
      { kind: 'custom', name: 'signup', url, props: { plan: 'pro', by: ':email' } },
    ])
  })

  test('costs page views alone no other view by an error', async () => {
    site.html = `<!doctype html><title>Paniers</title><script type="module">
      import { countPageViews } from '/index.js'
      let seen = 0
      const before_send = (event) => { if (!seen++) throw new Error('once'); return event }
      countPageViews({ site: 'demo', endpoint: location.origin, before_send })
      history.pushState({}, '', '/2')
    </script>`
    await page.goto(`${site.url}/1`)
    expect(await site.events(1)).toMatchObject([{ url: `${site.url}/2` }])
  })

  test('counts for page views alone as well', async () => {
    site.html = `<!doctype html><title>Paniers</title><script type="module">
      import { countPageViews } from '/index.js'
      countPageViews({ site: 'demo', endpoint: location.origin, before_send: (event) => event.url.endsWith('/2') ? null : event })
      history.pushState({}, '', '/2')
      await new Promise((resolve) => setTimeout(resolve, 200))
      history.pushState({}, '', '/3')
    </script>`
    await page.goto(site.url)
    expect((await site.events(2)).map(({ url }) => new URL(url).pathname)).toEqual(['/', '/3'])
  })
})

describe('a flush answers', () => {
  test('with what became of each batch', async () => {
    const refused = [{ id: null, reason: 'invalid', detail: 'name: too short' }]
    site.answer = () => ({ status: 202, body: { accepted: 1, duplicate: 0, refused } })
    site.html = pageOf()
    await page.goto(site.url)
    expect(await say(page, (balise) => balise.flush())).toEqual([{ accepted: 1, duplicate: 0, refused }])
  })

  test('with why a batch is not taken, and it is not sent again', async () => {
    const problem = { code: 'unknown_site', status: 403, title: 'No such site here.' }
    site.answer = () => ({ status: 403, body: problem })
    site.html = pageOf()
    await page.goto(site.url)
    expect(await say(page, (balise) => balise.flush())).toEqual([problem])
    expect(await say(page, (balise) => balise.flush())).toEqual([])
    expect(site.posts).toHaveLength(1)
  })

  test('with nothing where nobody answers', async () => {
    site.answer = () => ({ status: 503 })
    site.html = pageOf()
    await page.goto(site.url)
    expect(await say(page, (balise) => balise.flush())).toEqual([])
  })
})

test('what a page had no room for is counted, and told once by the next batch that arrives', async () => {
  site.html = pageOf('data-consent="none"')
  await page.goto(site.url)
  await say(page, (balise) => {
    for (let nth = 0; nth < 600; nth++) balise.track(`e${nth}`, { a: 'x '.repeat(249), b: 'x '.repeat(249) })
    balise.trackContact({ channel: 'phone' })
  })
  await say(page, (balise) => balise.consent.set('anonymous'))
  await say(page, (balise) => balise.flush())
  const dropped = site.batches().map((batch) => batch.dropped)
  expect(sent().length + (dropped[0] ?? 0)).toBe(602)
  expect(dropped[0]).toBeGreaterThan(100)
  expect(dropped.slice(1).every((count) => count === undefined)).toBe(true)
  expect(sent().map(({ kind }) => kind)).toContain('contact')
})

test('what a page had no room for is told once where batches leave side by side, and nothing after them is refused', async () => {
  site.html = pageOf('data-consent="none" data-without="engagement"')
  await page.goto(site.url)
  await say(page, (balise) => {
    for (let nth = 0; nth < 600; nth++) balise.track(`e${nth}`, { a: 'x '.repeat(249), b: 'x '.repeat(249) })
    for (let nth = 0; nth < 150; nth++) balise.trackContact({ channel: 'phone' })
  })
  await page.evaluate(() => {
    const { balise } = window as unknown as Shop
    balise.consent.set('anonymous')
    dispatchEvent(new Event('pagehide'))
  })
  const dropped = () => site.batches().map((batch) => batch.dropped ?? 0)
  const accounted = () => sent().length + dropped().reduce((sum, count) => sum + count, 0)
  await expect.poll(accounted, { timeout: 20_000 }).toBe(751)
  await say(page, (balise) => balise.track('after'))
  await say(page, (balise) => balise.flush())
  expect(dropped().filter((count) => count > 0)).toHaveLength(1)
  expect(accounted()).toBe(752)
})
