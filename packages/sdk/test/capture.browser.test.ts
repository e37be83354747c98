import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { here } from '../build.ts'
import { openChromium, say } from './chromium.ts'
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

describe('a click that reaches out', () => {
  test.each([
    { shape: 'a plain link', html: '<a href="tel:+237600000000">Call</a>' },
    { shape: 'a link around other elements', html: '<a href="tel:+237600000000"><b><i>Call</i></b></a>' },
    {
      shape: 'a link whose default the page prevents',
      html: '<a href="tel:+237600000000" onclick="return false">Call</a>',
    },
    {
      shape: 'a link whose click the page stops',
      html: '<p onclick="event.stopPropagation()"><a href="tel:+237600000000">Call</a></p>',
    },
    {
      shape: 'a link inside an SVG',
      html: '<svg><a href="tel:+237600000000"><text y="20">Call</text></a></svg>',
    },
    {
      shape: 'a link in a shadow root, added later',
      html: `<div></div><script>
        addEventListener('load', () => {
          document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<a href="tel:+237600000000">Call</a>'
        })
      </script>`,
    },
  ])('is told for $shape', async ({ html }) => {
    site.html = pageOf('', html)
    await page.goto(site.url)
    await page.getByText('Call').click()
    expect(await told('contact')).toMatchObject([{ channel: 'phone', target: '+237600000000' }])
  })

  test('goes where it was going, at once', async () => {
    site.html = pageOf('', '<a href="mailto:hello@shop.example">Write</a>')
    await page.goto(site.url)
    const prevented = page.evaluate(
      () => new Promise((resolve) => addEventListener('click', (event) => resolve(event.defaultPrevented))),
    )
    await page.getByText('Write').click()
    expect(await prevented).toBe(false)
    expect(await told('contact')).toMatchObject([{ channel: 'email', target: 'hello@shop.example' }])
  })

  test('is no contact when it leads to another page', async () => {
    site.html = pageOf('', '<a href="/about">About</a>')
    await page.goto(site.url)
    await page.getByText('About').click()
    expect(await told('contact')).toEqual([])
  })
})

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

test('attention is told once when the page hides, and again for another stretch', async () => {
  site.html = pageOf('', '<p style="height: 5000px">Long</p>')
  await page.goto(`${site.url}/long`)
  await page.evaluate(() => scrollTo(0, 5000))
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
  const other = await person.newPage()
  await other.goto('about:blank')
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: true })
    document.dispatchEvent(new Event('visibilitychange'))
    document.dispatchEvent(new Event('visibilitychange'))
  })
  const [first, ...more] = await told('engagement')
  expect(more).toEqual([])
  expect(first).toMatchObject({ url: `${site.url}/long`, scroll_percent: 100 })
})

test('what was said before the script came is kept by the README’s stub', async () => {
  const [stub] = readFileSync(here('README.md'), 'utf8').match(/<script>\s*const later[\s\S]*?<\/script>/) ?? []
  expect(stub).toBeDefined()
  site.html = `${stub}<script>balise.track('early', { first: true }); balise.consent.set('marketing'); balise.identify('customer-1')</script>${pageOf()}`
  await page.goto(site.url)
  const events = await site.events(2)
  expect(events).toMatchObject([{ kind: 'page_view' }, { kind: 'custom', name: 'early', props: { first: true } }])
  expect(site.batches()).toMatchObject([{ consent: 'marketing', user: 'customer-1' }])
})
