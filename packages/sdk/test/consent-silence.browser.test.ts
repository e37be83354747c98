import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { beside, sources } from '../build.ts'
import { openChromium, type Shop, say } from './chromium.ts'
import { platforms } from './platforms.ts'
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

/** Writes down every touch of whatever keeps things in a browser, or takes them out of it behind a page's back. */
const watchEverything = (): void => {
  const touched: string[] = []
  Object.assign(window, { touched })
  const note = (name: string, act: unknown) =>
    act &&
    new Proxy(act as () => unknown, {
      apply: (act, self, args: unknown[]) => {
        touched.push([name, ...args].join(' '))
        return Reflect.apply(act, self, args)
      },
      construct: (act, args) => {
        touched.push(name)
        return Reflect.construct(act, args)
      },
    })
  const watch = (owner: object, names: readonly string[]): void => {
    for (const name of names) {
      const found = Object.getOwnPropertyDescriptor(owner, name)
      if (!found) continue
      const { value, get, set } = found
      const noted = value ? { value: note(name, value) } : { get: note(name, get), set: note(name, set) }
      Object.defineProperty(owner, name, noted as PropertyDescriptor)
    }
  }
  const of = (name: string): object =>
    (window as unknown as { [name: string]: { prototype: object } })[name]?.prototype ?? {}
  watch(Storage.prototype, ['getItem', 'setItem', 'removeItem', 'clear', 'key', 'length'])
  watch(Document.prototype, ['cookie', 'requestStorageAccess'])
  watch(of('CookieStore'), ['get', 'getAll', 'set', 'delete'])
  watch(IDBFactory.prototype, ['open', 'deleteDatabase', 'databases'])
  watch(of('CacheStorage'), ['open', 'match', 'has', 'keys', 'delete'])
  watch(of('SharedStorage'), ['get', 'set', 'append', 'delete', 'run'])
  watch(Navigator.prototype, ['locks', 'storage', 'serviceWorker', 'sendBeacon'])
  watch(window, ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore', 'sharedStorage', 'name'])
  watch(window, [
    'BroadcastChannel',
    'Worker',
    'SharedWorker',
    'WebSocket',
    'EventSource',
    'RTCPeerConnection',
    'fetchLater',
  ])
}

const links = `<a href="tel:+237600000000" onclick="return false">Call</a>
  <a href="https://elsewhere.example/" onclick="return false">Leave</a>
  <button data-balise-event="marked">Mark</button><p style="height: 3000px">Long</p>`

/** Opens a page with everything that notices switched on, and lives a whole visit on it. */
const visit = async (attributes: string): Promise<void> => {
  const names = `${beside.join(' ')} ${/data-source="([^"]*)"/.exec(attributes)?.[1] ?? ''}`
  site.html = pageOf(`data-with="${names.trim()}" data-hash ${attributes}`, links)
  await page.goto(site.url)
  for (const name of ['Call', 'Leave', 'Mark']) await page.getByText(name).click()
  await page.evaluate(async () => {
    scrollTo(0, 2000)
    await fetch('/api/users/123')
    await new Promise((resolve) => {
      const request = new XMLHttpRequest()
      request.onloadend = resolve
      request.open('GET', '/api/missing')
      request.send()
    })
    dispatchEvent(new ErrorEvent('error', { message: 'broken', error: new Error('broken') }))
    history.pushState({}, '', '/next')
    location.hash = '#part'
    await new Promise((resolve) => requestAnimationFrame(resolve))
    for (const type of ['blur', 'focus', 'online', 'pagehide', 'pageshow']) dispatchEvent(new Event(type))
    Object.defineProperty(document, 'hidden', { configurable: true, value: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await say(page, (balise) => {
    balise.trackPageView()
    balise.trackApiCall({ method: 'GET', endpoint: '/x', status: 200, duration_ms: 1 })
    balise.trackContact({ channel: 'phone', target: '1' })
    balise.track('signup')
    balise.identify('customer-1')
    return balise.flush()
  })
}

const touched = () => page.evaluate(() => [...(window as unknown as Shop).touched])
const objects = (name: string, value: string) => `Object.defineProperty(navigator, '${name}', { value: ${value} })`

test.each([
  { who: 'the site waits for an answer', attributes: 'data-consent="none"', before: '' },
  {
    who: 'Global Privacy Control',
    attributes: 'data-consent="marketing"',
    before: objects('globalPrivacyControl', 'true'),
  },
  { who: 'Do Not Track', attributes: 'data-consent="marketing"', before: objects('doNotTrack', '"1"') },
  ...sources.map((source) => ({
    who: `a platform that never comes (${source})`,
    attributes: `data-consent="none" data-source="${source}"`,
    before: '',
  })),
  ...sources.map((source) => ({
    who: `a platform that is undecided (${source})`,
    attributes: `data-consent="none" data-source="${source}"`,
    before: `Object.values({ ${platforms[source]} })[0]().load()`,
  })),
  ...sources.map((source) => ({
    who: `a platform that knows a refusal (${source})`,
    attributes: `data-consent="none" data-source="${source}"`,
    before: `Object.values({ ${platforms[source]} })[0]().load('nothing')`,
  })),
])('where $who says none, a page asks nobody and touches nothing that keeps', async ({ attributes, before }) => {
  await person.addInitScript(watchEverything)
  await person.addInitScript(before)
  const asked: string[] = []
  page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`))
  await visit(attributes)
  expect(await say(page, (balise) => balise.consent.get())).toBe('none')
  expect(await touched()).toEqual([])
  expect(
    asked.filter((what) => !/^GET \/(balise[\w-]*\.js|api\/(users\/123|missing)|favicon\.ico)?$/.test(what)),
  ).toEqual([])
  expect(site.posts).toEqual([])
})

test('the same visit is seen to store and to send, where it may', async () => {
  await person.addInitScript(watchEverything)
  await visit('data-consent="analytics"')
  expect(await touched()).toEqual(expect.arrayContaining(['localStorage', 'getItem balise:demo:opt-out']))
  const kinds = (await site.events(8)).map((event) => (event.kind === 'custom' ? event.name : event.kind))
  expect(new Set(kinds)).toEqual(expect.objectContaining({}))
  expect(kinds).toEqual(expect.arrayContaining(['page_view', 'contact', 'api_call', 'marked', 'signup']))
})
