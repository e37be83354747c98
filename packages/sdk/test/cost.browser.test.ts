import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'acorn'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { beside, here, sources } from '../build.ts'
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

const scriptOf = async (name: string): Promise<string> => (await fetch(`${site.url}/${name}`)).text()
const everything = `data-with="${beside.join(' ')}"`
const allHere = () =>
  page.waitForFunction((count) => performance.getEntriesByType('resource').length >= count, beside.length)

test('every script and module is ES2020', async () => {
  const scripts = ['balise', ...[...beside, ...sources].map((name) => `balise-${name}`)].map((name) => `${name}.js`)
  for (const name of scripts) parse(await scriptOf(name), { ecmaVersion: 2020, sourceType: 'script' })
  const modules = ['index', 'vitals', ...['platform', ...sources].map((name) => `sources/${name}`)]
  for (const name of modules) parse(await scriptOf(`${name}.js`), { ecmaVersion: 2020, sourceType: 'module' })
})

/** Writes down what the page's own world is made of: `changedSince()` names what is new there or another thing. */
const rememberWorld = (): void => {
  const partsOf = (owner: object, path: string): [string, unknown][] =>
    Reflect.ownKeys(owner).flatMap((key) => {
      const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key) ?? {}
      const name = `${path}${String(key)}`
      // A getter of the window may answer differently, such as `event`; what counts is the getter.
      const own: [string, unknown][] = [[name, get ?? set ?? value]]
      const prototype = typeof value === 'function' && path === '' ? value.prototype : undefined
      return prototype && key !== 'Window' ? [...own, ...partsOf(prototype, `${name}.`)] : own
    })
  const before = new Map(partsOf(window, ''))
  Object.assign(window, {
    changedSince: () =>
      partsOf(window, '').flatMap(([name, value]) => (Object.is(before.get(name), value) ? [] : name)),
  })
}

test('a page gets one name, and no native of it is replaced or added', async () => {
  await person.addInitScript(rememberWorld)
  site.html = pageOf()
  await page.goto(site.url)
  await say(page, (balise) => balise.track('signup'))
  const changed = () => page.evaluate(() => (window as unknown as { changedSince: () => string[] }).changedSince())
  const known = ['changedSince', '__playwright']
  expect((await changed()).filter((name) => !known.some((each) => name.startsWith(each)))).toEqual(['balise'])
  await page.evaluate('Array.prototype.at = () => 1; undefined')
  expect(await changed()).toContain('Array.at')
})

test('nothing is heard that keeps a page from the cache, or each move waiting', async () => {
  const session = await person.newCDPSession(page)
  const ours = new Set<string>()
  session.on('Debugger.scriptParsed', ({ scriptId, url }) => url.includes('/balise') && ours.add(scriptId))
  await session.send('Debugger.enable')
  site.html = pageOf(everything)
  await page.goto(site.url)
  await allHere()
  const heard = new Set<string>()
  for (const expression of ['window', 'document', 'document.documentElement', 'document.body']) {
    const { result } = await session.send('Runtime.evaluate', { expression })
    const { listeners } = await session.send('DOMDebugger.getEventListeners', { objectId: result.objectId ?? '' })
    for (const { type, scriptId } of listeners) if (ours.has(scriptId)) heard.add(type)
  }
  expect([...heard]).toEqual(expect.arrayContaining(['pagehide', 'visibilitychange', 'click']))
  expect([...heard].filter((type) => /unload|touch|wheel|move$/.test(type))).toEqual([])
})

/** Writes down who asked for what only a layout knows: `asked` at any time, `asked_by_load` until the page was loaded. */
const watchLayout = (): void => {
  const asked: string[] = []
  for (const name of ['scrollY', 'innerHeight']) {
    const { get, ...others } = Object.getOwnPropertyDescriptor(window, name) ?? {}
    const told = () => {
      asked.push(name)
      return get?.call(window)
    }
    Object.defineProperty(window, name, { ...others, get: told })
  }
  addEventListener('load', () => Object.assign(window, { asked_by_load: [...asked] }), true)
  Object.assign(window, { asked })
}

test('no page is laid out for us while it loads', async () => {
  await person.addInitScript(watchLayout)
  site.html = pageOf(everything)
  await page.goto(site.url)
  await allHere()
  const asked = (name: string) => page.evaluate((each) => (window as unknown as Record<string, string[]>)[each], name)
  expect(await asked('asked_by_load')).toEqual([])
  // Long enough to have had attention.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)))
  await page.evaluate(() => dispatchEvent(new Event('pagehide')))
  expect(await asked('asked')).toEqual(expect.arrayContaining(['scrollY', 'innerHeight']))
})

/** Writes down in whose task storage is looked into: the address of the script that runs or has just run, or `''`. */
const watchStorage = (): void => {
  const looked_by: string[] = []
  const { getItem } = Storage.prototype
  Storage.prototype.getItem = function (name) {
    looked_by.push((document.currentScript as HTMLScriptElement | null)?.src ?? '')
    return getItem.call(this, name)
  }
  Object.assign(window, { looked_by })
}

test.each(['anonymous', 'analytics'])(
  'what a start takes is cut in two: its script runs, then its first event is made (%s)',
  async (level) => {
    await person.addInitScript(watchStorage)
    site.html = pageOf(`${everything} data-consent="${level}"`)
    await page.goto(site.url)
    await site.events(1)
    const looked_by = await page.evaluate(() => (window as unknown as { looked_by: string[] }).looked_by)
    expect(new Set(looked_by)).toEqual(new Set(['']))
  },
)

test('the script asks to be compiled at once, while it loads', async () =>
  expect(await scriptOf('balise.js')).toMatch(/^\/\/# allFunctionsCalledOnLoad\n/))

/** Counts what a page has asked its clock for: `pending()` are the timers and frames that are still to come. */
const watchClock = (): void => {
  const pending = new Map<unknown, string>()
  const wrap = (
    name: 'setTimeout' | 'setInterval' | 'requestAnimationFrame' | 'requestIdleCallback',
    ends: boolean,
  ) => {
    const original = window[name] as (act: (...args: unknown[]) => unknown, ...more: unknown[]) => unknown
    const asked = (act: (...args: unknown[]) => unknown, ...more: unknown[]) => {
      const id = original(
        (...args) => {
          if (ends) pending.delete(id)
          return act(...args)
        },
        ...more,
      )
      pending.set(id, `${name} ${more[0] ?? ''}`.trim())
      return id
    }
    Object.assign(window, { [name]: asked })
  }
  for (const name of ['setTimeout', 'requestAnimationFrame', 'requestIdleCallback'] as const) wrap(name, true)
  wrap('setInterval', false)
  for (const name of ['clearTimeout', 'clearInterval', 'cancelAnimationFrame', 'cancelIdleCallback'] as const) {
    const original = window[name] as (id: unknown) => void
    Object.assign(window, {
      [name]: (id: unknown) => {
        pending.delete(id)
        original(id)
      },
    })
  }
  Object.assign(window, { pending: () => [...pending.values()] })
}

test.each(['anonymous', 'analytics'])('a page at rest has no timer running (%s)', async (level) => {
  await person.addInitScript(watchClock)
  site.html = pageOf(`${everything} data-consent="${level}"`, '<p style="height: 3000px">Long</p>')
  await page.goto(site.url)
  await allHere()
  const pending = () => page.evaluate(() => (window as unknown as { pending: () => string[] }).pending())
  // That the watch sees a timer: one of the tracker's may be gone before anybody asks, or never be, for an event told alone leaves at once.
  const seen = await page.evaluate(() => {
    const timer = setTimeout(() => {}, 60_000)
    const begun = (window as unknown as { pending: () => string[] }).pending()
    clearTimeout(timer)
    return begun
  })
  expect(seen).not.toEqual([])
  await say(page, (balise) => balise.track('signup'))
  await page.evaluate(() => {
    scrollTo(0, 2000)
    history.pushState({}, '', '/next')
  })
  await site.events(3)
  await expect.poll(pending, { timeout: 10_000 }).toEqual([])
  await say(page, (balise) => balise.flush())
  expect(await pending()).toEqual([])
})

describe('under the strictest policy', () => {
  /** The page with its script's hash in both places; a violation or an error is written down. */
  const open = async (hash: string): Promise<string[]> => {
    site.serve = (request, response) => {
      if (request.method !== 'GET' || request.url !== '/') return false
      response.writeHead(200, {
        'content-type': 'text/html',
        'content-security-policy': `default-src 'none'; script-src '${hash}'; connect-src 'self'; require-trusted-types-for 'script'`,
      })
      response.end(pageOf(`integrity="${hash}"`))
      return true
    }
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(site.url)
    return complaints.filter((text) => !text.includes('favicon'))
  }

  test('a page with the hash of the script counts', async () => {
    const script = await scriptOf('balise.js')
    const complaints = await open(`sha384-${createHash('sha384').update(script).digest('base64')}`)
    await say(page, (balise) => balise.track('signup'))
    expect((await site.events(2)).map(({ kind }) => kind)).toEqual(['page_view', 'custom'])
    expect(complaints).toEqual([])
  })

  test('another script than the one named does not run', async () => {
    const complaints = await open(`sha384-${createHash('sha384').update('another').digest('base64')}`)
    expect(await page.evaluate(() => typeof (window as unknown as Shop).balise)).toBe('undefined')
    expect(complaints.join()).toMatch(/integrity|Content Security Policy/)
  })
})

test('a page is painted while its script is still on the way', async () => {
  const tag = '<script defer src="https://stats.example.com/balise.js" data-site="demo"></script>'
  expect(readFileSync(here('README.md'), 'utf8')).toContain(tag)
  site.html = `<!doctype html><title>Paniers</title>${tag.replace('https://stats.example.com', '')}<h1>Paniers</h1>`
  let arrive = (): void => undefined
  const script = await scriptOf('balise.js')
  site.serve = (request, response) => {
    if (request.url !== '/balise.js') return false
    arrive = () => response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    return true
  }
  await page.goto(site.url, { waitUntil: 'commit' })
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
  expect(site.posts).toEqual([])
  arrive()
  await site.events(1)
})

test.each(['anonymous', 'analytics'])(
  'a collector on another origin is asked without a preflight (%s)',
  async (level) => {
    const stats = await openSite()
    const methods: string[] = []
    stats.serve = (request) => {
      methods.push(request.method ?? '')
      return false
    }
    stats.answer = () => ({
      status: 202,
      headers: { 'access-control-allow-origin': '*' },
      body: { accepted: 1, refused: [] },
    })
    site.html = pageOf(`data-endpoint="${stats.url}" data-consent="${level}"`)
    await page.goto(site.url)
    await say(page, (balise) => balise.track('signup'))
    await stats.events(2)
    await say(page, (balise) => balise.track('leaving'))
    await page.goto(`${site.url}/elsewhere`)
    await stats.events(5)
    expect(new Set(methods)).toEqual(new Set(['POST']))
    await stats.close()
  },
)
