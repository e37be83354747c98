import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium, type Shop, say } from './chromium.ts'
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

const open = (attributes = '') => {
  site.html = pageOf(attributes)
  return page.goto(site.url)
}
const names = () =>
  site
    .batches()
    .flatMap(({ events }) => events)
    .map((event) => (event.kind === 'custom' ? event.name : event.kind))

/** What a page would leave behind. */
const unsent = () =>
  new Promise((resolve) => {
    indexedDB.open('balise:demo').onsuccess = ({ target }) => {
      const { result } = target as IDBOpenDBRequest
      const all = result.transaction('balise:demo').objectStore('balise:demo').getAll()
      all.onsuccess = () => resolve(all.result.flat())
    }
  })

describe('an event told right before the page goes is delivered', () => {
  test.each([
    { says: 'closes', leave: () => page.close() },
    { says: 'gives way to another', leave: () => page.goto('about:blank') },
    {
      says: 'is hidden',
      leave: () =>
        page.evaluate(() => {
          Object.defineProperty(document, 'hidden', { value: true })
          document.dispatchEvent(new Event('visibilitychange'))
        }),
    },
  ])('when it $says', async ({ leave }) => {
    await open()
    await say(page, (balise) => balise.track('last words'))
    await leave()
    await site.events(2)
    expect(names()).toEqual(expect.arrayContaining(['page_view', 'last words']))
  })
})

describe('what a page tells', () => {
  const atRest = async (attributes = '') => {
    await open(attributes)
    await site.events(1)
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_100)))
  }
  const told = () =>
    site.batches().map(({ events }) => events.map((event) => event.kind === 'custom' && event.name).sort())

  test('in one task leaves at once, in one request; what follows within a second leaves together', async () => {
    await atRest()
    // In one task of ours, for a busy machine may take a second to call again.
    await say(page, (balise) => {
      for (const name of ['one', 'two']) balise.track(name)
      return new Promise<void>((resolve) =>
        setTimeout(() => {
          balise.track('three')
          setTimeout(() => resolve(balise.track('four')))
        }),
      )
    })
    await site.events(5)
    expect(told().slice(1)).toEqual([
      ['one', 'two'],
      ['four', 'three'],
    ])
  })

  test('is sent as it was when it was told', async () => {
    await atRest()
    await say(page, (balise) => {
      const props = { plan: 'pro' }
      balise.track('signup', props)
      props.plan = 'free'
      history.replaceState({}, '', '/elsewhere')
    })
    const [, event] = await site.events(2)
    expect(event).toMatchObject({ name: 'signup', props: { plan: 'pro' }, url: `${site.url}/` })
  })

  test('before its visitor refuses, in the same task, is never sent', async () => {
    await atRest('data-consent="analytics"')
    await say(page, (balise) => {
      balise.track('before')
      balise.consent.set('none')
      balise.consent.set('anonymous')
      balise.track('after')
      return balise.flush()
    })
    expect(names()).toEqual(['page_view', 'after'])
  })

  test('after its visitor refused, and before they agree again, in the same task, is never sent', async () => {
    await atRest()
    await say(page, (balise) => {
      balise.consent.set('none')
      balise.track('between')
      balise.consent.set('marketing')
      balise.track('after')
      return balise.flush()
    })
    expect(names()).toEqual(['page_view', 'after'])
  })

  test('before more is allowed, in the same task, holds no more than was allowed then', async () => {
    site.html = pageOf()
    await page.goto(`${site.url}/?gclid=click`)
    await site.events(1)
    await say(page, (balise) => {
      balise.track('before')
      balise.consent.set('marketing')
      balise.track('after')
      return balise.flush()
    })
    const events = await site.events(3)
    const searchOf = (name: string) =>
      events.flatMap((event) => (event.kind === 'custom' && event.name === name ? new URL(event.url).search : []))
    expect([searchOf('before'), searchOf('after')]).toEqual([[''], ['?gclid=click']])
  })

  test('in a listener of its own that hears of the end after ours leaves at once as well', async () => {
    await atRest()
    await page.evaluate(() => {
      const { balise } = window as unknown as Shop
      addEventListener('pagehide', () => balise.track('last'))
      balise.track('first')
      // Nothing that a timer does is done: the page is gone.
      Object.assign(window, { setTimeout: () => 0 })
      dispatchEvent(new Event('pagehide'))
    })
    await expect.poll(names, { timeout: 10_000 }).toContain('last')
  })
})

describe('an event is delivered once', () => {
  test('after the collector was busy, and never asked before it said', async () => {
    site.answer = () => ({ status: 503, headers: { 'retry-after': '2' } })
    await open()
    await expect.poll(() => site.posts.length, { timeout: 10_000 }).toBe(1)
    site.answer = () => ({ status: 202, body: { accepted: 1, refused: [] } })
    await say(page, (balise) => balise.flush())
    await page.evaluate(() => dispatchEvent(new Event('pagehide')))
    await site.events(1)
    const [busy, free] = site.posts
    expect(Number(free?.at_ms) - Number(busy?.at_ms)).toBeGreaterThanOrEqual(2_000)
    expect(names().filter((name) => name === 'page_view')).toHaveLength(1)
    expect(JSON.parse(free?.text ?? '').events[0]).toEqual(JSON.parse(busy?.text ?? '').events[0])
  })

  test('after the visitor was offline', async () => {
    await open()
    await site.events(1)
    await person.setOffline(true)
    await say(page, (balise) => balise.track('from the tunnel'))
    await say(page, (balise) => balise.flush())
    expect(names()).toEqual(['page_view'])
    await person.setOffline(false)
    await site.events(2)
    expect(names()).toEqual(['page_view', 'from the tunnel'])
  })

  test('on the next visit, with its old id and session, where storage is allowed', async () => {
    site.answer = () => ({ status: 503, headers: { 'retry-after': '60' } })
    await open('data-consent="analytics"')
    await expect.poll(() => site.posts.length, { timeout: 10_000 }).toBe(1)
    await page.close()
    site.answer = () => ({ status: 202, body: { accepted: 1, refused: [] } })
    page = await person.newPage()
    await page.goto(`${site.url}/again`)
    await site.events(2)
    const lost = JSON.parse(site.posts[0]?.text ?? '')
    const sent = site.batches().find(({ events }) => events.some(({ id }) => id === lost.events[0].id))
    expect(sent).toMatchObject({ session: lost.session, visitor: lost.visitor })
    await say(page, (balise) => balise.flush())
    expect(await page.evaluate(unsent)).toEqual([])
  })
})

test.each([
  { where: 'as everywhere', without: '' },
  {
    where: 'where a transaction cannot be committed (Safari before 15)',
    without: 'delete IDBTransaction.prototype.commit',
  },
])('an event that was on its way when its page went is sent by the next one, $where', async ({ without }) => {
  await person.addInitScript(without)
  let hung = 0
  site.serve = ({ method }) => method === 'POST' && ++hung > 0
  await open('data-consent="analytics"')
  await expect.poll(() => hung, { timeout: 10_000 }).toBe(1)
  await expect.poll(() => page.evaluate(unsent)).toHaveLength(1)
  const [{ json }] = (await page.evaluate(unsent)) as [{ json: string }]
  await page.close()
  site.serve = () => false
  page = await person.newPage()
  await page.goto(`${site.url}/again`)
  expect((await site.events(2)).map(({ id }) => id)).toContain(JSON.parse(json).id)
})

test('an event that the collector refuses holds up no other', async () => {
  site.answer = () => ({ status: 400, body: { code: 'unreadable' } })
  await open()
  await expect.poll(() => site.posts.length, { timeout: 10_000 }).toBe(1)
  site.answer = () => ({ status: 202, body: { accepted: 1, refused: [] } })
  await say(page, (balise) => balise.track('next'))
  await site.events(1)
  expect(names()).toEqual(['next'])
})

test('a burst travels in few requests, none over 60,000 bytes, each event once', async () => {
  await open()
  await say(page, (balise) => {
    for (let nth = 0; nth < 200; nth++) balise.track(`event-${nth}`, { text: 'é'.repeat(250), more: '€'.repeat(160) })
  })
  await site.events(201)
  expect(Math.max(...site.posts.map(({ text }) => Buffer.byteLength(text)))).toBeLessThanOrEqual(60_000)
  expect(new Set(names()).size).toBe(201)
  expect(names()).toHaveLength(201)
  expect(site.posts.length).toBeLessThanOrEqual(10)
})

test('what a page says by mistake never throws into it', async () => {
  site.answer = () => ({ status: 400 })
  const thrown: Error[] = []
  page.on('pageerror', (error) => thrown.push(error))
  await open()
  const answers = await page.evaluate(() => {
    const balise = (window as unknown as { balise: Record<string, (...args: unknown[]) => unknown> }).balise
    const wrong = [undefined, null, 7, 'text', {}, { props: { deep: { er: 1 }, big: 1n } }, Symbol('s')]
    const calls = ['trackPageView', 'trackApiCall', 'trackContact', 'track', 'identify']
    return wrong.flatMap((argument) => calls.map((name) => balise[name]?.(argument, argument, argument)))
  })
  expect(answers.every((answer) => answer === undefined)).toBe(true)
  expect(thrown).toEqual([])
})

test('who debugs sees what is held, sent and refused, and why', async () => {
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  site.answer = () => ({ status: 403, body: { code: 'origin_not_allowed' } })
  await open('data-debug')
  await expect.poll(() => said.join('\n'), { timeout: 10_000 }).toMatch(/refused .*origin_not_allowed/)
  await say(page, (balise) => balise.consent.set('none'))
  await say(page, (balise) => balise.track('unheard'))
  expect(said.join('\n')).toMatch(/\[balise\] held/)
  expect(said.join('\n')).toMatch(/refused no consent/)
})

test('one page that stops is counted no further', async () => {
  await open()
  await say(page, (balise) => balise.stop())
  await say(page, (balise) => balise.track('after'))
  await page.evaluate(() => history.pushState({}, '', '/after'))
  await page.close()
  await site.events(1)
  expect(names()).toEqual(['page_view'])
})
