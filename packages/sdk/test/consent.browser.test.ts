import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Balise } from '../src/api.ts'
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

/** Writes down every touch of a store that a page can keep things in. */
const watchStores = (): void => {
  const touched: string[] = []
  Object.assign(window, { touched })
  const watch = (owner: object, name: string): void => {
    const { value, get, set } = Object.getOwnPropertyDescriptor(owner, name) ?? {}
    const note = (act: unknown) =>
      act &&
      function (this: unknown, ...args: unknown[]) {
        touched.push([name, ...args].join(' '))
        return Reflect.apply(act as () => unknown, this, args)
      }
    Object.defineProperty(owner, name, value ? { value: note(value) } : ({ get: note(get), set: note(set) } as object))
  }
  for (const name of ['getItem', 'setItem', 'removeItem', 'key', 'clear', 'length']) watch(Storage.prototype, name)
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) watch(window, name)
  watch(Document.prototype, 'cookie')
  for (const name of ['open', 'deleteDatabase', 'databases']) watch(IDBFactory.prototype, name)
}

const touched = () => page.evaluate(() => [...(window as unknown as Shop).touched])
const stored = () => page.evaluate(() => Object.fromEntries(Object.entries(localStorage)))
const keys = async () => Object.keys(await stored()).sort()
const databases = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
const open = async (attributes: string, path = '/') => {
  site.html = pageOf(attributes, '<a href="tel:1">Call</a>')
  await page.goto(site.url + path)
}
const names = () =>
  site
    .batches()
    .flatMap(({ events }) => events)
    .map((event) => (event.kind === 'custom' ? event.name : event.kind))

describe('at none', () => {
  test('a page makes no request and touches no storage, whatever its visitor does', async () => {
    await person.addInitScript(watchStores)
    await open('data-consent="none"')
    await page.getByText('Call').click()
    await say(page, (balise) => {
      balise.track('signup')
      balise.identify('customer-1')
      return balise.flush()
    })
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    expect(await say(page, (balise) => balise.consent.get())).toBe('none')
    expect(await touched()).toEqual([])
    expect(site.posts).toEqual([])
  })

  test('what happens waits, and is sent once the visitor agrees', async () => {
    await open('data-consent="none"')
    await say(page, (balise) => balise.track('waited'))
    await say(page, (balise) => balise.consent.set('anonymous'))
    await site.events(2)
    expect(names().sort()).toEqual(['page_view', 'waited'])
    expect(site.batches()).toMatchObject([{ consent: 'anonymous' }])
  })

  test('what happens waits, and is dropped once the visitor refuses', async () => {
    await open('data-consent="none"')
    await say(page, (balise) => balise.track('before'))
    await say(page, (balise) => balise.consent.set('none'))
    await say(page, (balise) => balise.track('after'))
    await say(page, (balise) => balise.consent.set('anonymous'))
    await say(page, (balise) => balise.track('agreed'))
    await say(page, (balise) => balise.flush())
    expect(names()).toEqual(['agreed'])
  })
})

test('at anonymous a page stores nothing and reads nothing but whether its visitor opted out', async () => {
  await person.addInitScript(watchStores)
  await open('')
  await say(page, (balise) => balise.track('signup'))
  await say(page, (balise) => balise.flush())
  expect(names()).toContain('signup')
  expect(new Set(await touched())).toEqual(new Set(['localStorage', 'getItem balise:demo:opt-out']))
  expect(await keys()).toEqual([])
  const [batch] = site.batches()
  expect(batch).toMatchObject({ consent: 'anonymous' })
  for (const name of ['visitor', 'session']) expect(batch).not.toHaveProperty(name)
})

describe.each([
  {
    signal: 'Global Privacy Control',
    script: 'Object.defineProperty(navigator, "globalPrivacyControl", { value: true })',
  },
  { signal: 'Do Not Track', script: 'Object.defineProperty(navigator, "doNotTrack", { value: "1" })' },
])('$signal', ({ script }) => {
  test('outweighs what the page was told', async () => {
    await person.addInitScript(script)
    await open('data-consent="analytics"')
    await say(page, (balise) => balise.consent.set('marketing'))
    await say(page, (balise) => balise.flush())
    expect(await say(page, (balise) => balise.consent.get())).toBe('none')
    expect(site.posts).toEqual([])
    expect(await keys()).toEqual([])
  })
})

describe('at analytics', () => {
  test('a person stays the same visitor and session over reloads and tabs', async () => {
    await open('data-consent="analytics"')
    await site.events(1)
    await page.reload()
    await site.events(2)
    const tab = await person.newPage()
    await tab.goto(`${site.url}/tab`)
    await site.events(3)
    const seen = site.batches().map(({ visitor, session }) => `${visitor} ${session}`)
    expect(new Set(seen).size).toBe(1)
    expect(site.batches()[0]?.visitor).toMatch(/^[\w-]{43}$/)
  })

  test.each([
    { says: 'a session ends after 30 minutes without an event', key: 'session', minutes: 31, isKept: false },
    { says: 'a session lives through 29 minutes without an event', key: 'session', minutes: 29, isKept: true },
    {
      says: 'a secret is renewed 13 months after it was first seen',
      key: 'visitor',
      minutes: 396 * 1440,
      isKept: false,
    },
    { says: 'a secret lives for 13 months', key: 'visitor', minutes: 394 * 1440, isKept: true },
  ] as const)('$says', async ({ key, minutes, isKept }) => {
    await open('data-consent="analytics"')
    await site.events(1)
    await page.evaluate(
      ([name, ms]) => {
        const [secret, since, session, last] = (localStorage.getItem('balise:demo:person') ?? '').split(' ')
        const earlier = (moment: string | undefined, is: string) => Number(moment) - (name === is ? Number(ms) : 0)
        const person = [secret, earlier(since, 'visitor'), session, earlier(last, 'session')]
        localStorage.setItem('balise:demo:person', person.join(' '))
      },
      [key, minutes * 60_000],
    )
    await say(page, (balise) => balise.track('later'))
    await say(page, (balise) => balise.flush())
    const [before, after] = site.batches()
    expect(before?.[key] === after?.[key]).toBe(isKept)
  })

  test.each([
    { says: 'the script', html: pageOf('', `<script type="module">balise.consent.set('analytics')</script>`) },
    {
      says: 'a site that asks first',
      html: pageOf('data-consent="none"', `<script type="module">balise.consent.set('analytics')</script>`),
    },
    {
      says: 'the module',
      html: moduleOf('sdk.pageViews()').replace('</script>', `;balise.consent.set('analytics')</script>`),
    },
  ])('a person whose page sets the level stays in one session: $says', async ({ html }) => {
    site.html = html
    for (const [pages, path] of ['/1', '/2', '/3'].entries()) {
      await page.goto(site.url + path)
      await site.events(2 * pages + 1)
      await say(page, (balise) => balise.track('pressed'))
      await site.events(2 * pages + 2)
    }
    expect(site.batches().every(({ consent }) => consent === 'analytics')).toBe(true)
    expect(new Set(site.batches().map(({ visitor, session }) => `${visitor} ${session}`)).size).toBe(1)
  })

  test('a secret that another tab forgets is forgotten here too', async () => {
    await open('data-consent="analytics"')
    await site.events(1)
    const tab = await person.newPage()
    await tab.goto(`${site.url}/tab`)
    await site.events(2)
    await say(tab, (balise) => balise.consent.set('anonymous'))
    await say(page, (balise) => balise.track('later'))
    await say(page, (balise) => balise.flush())
    const [before] = site.batches()
    const after = site.batches().at(-1)
    expect(after).toMatchObject({ consent: 'analytics', visitor: expect.any(String) })
    expect(after?.visitor).not.toBe(before?.visitor)
    expect(after?.session).not.toBe(before?.session)
  })

  test('what waits outlives its page though another tab erased what there was', async () => {
    await open('data-consent="analytics"')
    await site.events(1)
    const tab = await person.newPage()
    await tab.goto(`${site.url}/tab`)
    await site.events(2)
    await say(tab, (balise) => balise.consent.set('anonymous'))
    await expect.poll(databases).toEqual([])
    await tab.close()
    site.answer = () => ({ status: 503 })
    await say(page, (balise) => balise.track('kept'))
    await expect.poll(databases).toEqual(['balise:demo'])
  })

  test('a secret is not prolonged by being used', async () => {
    await open('data-consent="analytics"')
    await site.events(1)
    const secretAndSince = async () => (await stored())['balise:demo:person']?.split(' ').slice(0, 2)
    const first = await secretAndSince()
    await page.reload()
    await site.events(2)
    expect(await secretAndSince()).toEqual(first)
  })

  test('lowering consent erases at once what the lower level may not keep', async () => {
    site.answer = () => ({ status: 503 })
    await open('data-consent="analytics"')
    await say(page, (balise) => balise.flush())
    expect(await keys()).toEqual(['balise:demo:person'])
    expect(await databases()).toEqual(['balise:demo'])
    await say(page, (balise) => balise.consent.set('anonymous'))
    expect(await keys()).toEqual([])
    await expect.poll(databases).toEqual([])
  })

  test('after lowering, nothing links what comes to what went', async () => {
    await open('data-consent="analytics"')
    await site.events(1)
    await say(page, (balise) => balise.consent.set('anonymous'))
    await say(page, (balise) => balise.track('later'))
    await say(page, (balise) => balise.flush())
    const [before, after] = site.batches()
    expect(before?.session).toBeDefined()
    expect(after?.visitor).toBeUndefined()
    expect(after?.session).toBeUndefined()
  })

  test('a page whose storage is blocked tells nonetheless, as nobody', async () => {
    await person.addInitScript(() =>
      Object.defineProperty(window, 'localStorage', {
        get() {
          throw new DOMException('blocked', 'SecurityError')
        },
      }),
    )
    await open('data-consent="analytics"')
    await site.events(1)
    expect(site.batches()[0]).not.toHaveProperty('visitor')
  })
})

test.each([
  { level: 'analytics', user: undefined, query: '?utm_source=x' },
  { level: 'marketing', user: 'customer-1', query: '?utm_source=x&gclid=click' },
] as const)('at $level the user is $user and the query $query', async ({ level, user, query }) => {
  await open(`data-consent="${level}"`, '/?utm_source=x&gclid=click&q=secret')
  await say(page, (balise) => balise.identify('customer-1'))
  const [view] = await site.events(1)
  expect(view?.url).toBe(`${site.url}/${query}`)
  expect(site.batches()[0]?.user).toBe(user)
})

test.each([
  {
    lower: 'anonymous',
    says: 'no session, no click',
    set: (balise: Balise) => balise.consent.set('anonymous'),
    session: undefined,
  },
  {
    lower: 'analytics',
    says: 'no click',
    set: (balise: Balise) => balise.consent.set('analytics'),
    session: expect.any(String),
  },
])('what was told at marketing and leaves at $lower says $says', async ({ lower, set, session }) => {
  await open('data-consent="marketing"', '/?utm_source=x&gclid=click')
  await say(page, set)
  const [view] = await site.events(1)
  expect(view?.url).toBe(`${site.url}/?utm_source=x&gclid=`)
  expect(site.batches()[0]).toMatchObject({ consent: lower })
  expect(site.batches()[0]?.session).toEqual(session)
})

test('who signs out is nobody, and a number is a name', async () => {
  await open('data-consent="marketing"')
  for (const name of [4711, null]) {
    await page.evaluate((given) => (window as unknown as Shop).balise.identify(given as unknown as string), name)
    await say(page, (balise) => balise.track('told'))
    await say(page, (balise) => balise.flush())
  }
  expect(site.batches().map(({ user }) => user)).toEqual(['4711', undefined])
})

describe('an opt-out', () => {
  test('in another tab takes back what was left with the browser', async () => {
    site.answer = () => ({ status: 503 })
    await open('')
    await say(page, (balise) => balise.flush())
    const tab = await person.newPage()
    await tab.goto(`${site.url}/tab`)
    await say(tab, (balise) => balise.optOut())
    await tab.close()
    const tried = site.posts.length
    await page.goto('about:blank')
    await page.waitForTimeout(500)
    expect(site.posts.length).toBe(tried)
  })

  test('stops everything, and is the one thing remembered', async () => {
    await open('data-consent="analytics"')
    await site.events(1)
    await say(page, (balise) => balise.optOut())
    expect(await keys()).toEqual(['balise:demo:opt-out'])
    await page.reload()
    await say(page, (balise) => balise.consent.set('marketing'))
    await say(page, (balise) => balise.flush())
    expect(await say(page, (balise) => balise.consent.get())).toBe('none')
    expect(site.posts).toHaveLength(1)
    expect(await keys()).toEqual(['balise:demo:opt-out'])
  })

  test('can be taken back', async () => {
    await open('')
    await say(page, (balise) => balise.optOut())
    await say(page, (balise) => balise.optOut(false))
    await say(page, (balise) => balise.track('back'))
    await say(page, (balise) => balise.flush())
    expect(names()).toContain('back')
    expect(await keys()).toEqual([])
  })
})

test('a consent platform is followed; undecided takes back a permission and never a refusal', async () => {
  await open('data-consent="anonymous"')
  const levels = await say(page, (balise) => {
    const said: (string | undefined)[] = [
      undefined,
      'analytics',
      undefined,
      'none',
      undefined,
      'marketing',
      'anonymous',
    ]
    const heard: string[] = []
    let turn = 0
    let change = () => {}
    balise.consent.connect({
      read: () => said[turn] as ReturnType<typeof balise.consent.get>,
      on: (act) => {
        change = act
      },
    })
    for (; turn < said.length; turn++) {
      change()
      heard.push(balise.consent.get())
    }
    return heard
  })
  expect(levels).toEqual(['anonymous', 'analytics', 'anonymous', 'none', 'none', 'marketing', 'anonymous'])
})

describe('to be forgotten', () => {
  const receipt = {
    id: '0198c0de-0000-7000-8000-000000000000',
    site: 'demo',
    subject: 'visitor',
    at: '2026-11-21T00:00:00Z',
    erased: { events: 1 },
    suppressed: 1,
  }
  const erasures = () => site.posts.filter(({ path }) => path === '/v1/privacy/erasures')
  const answerErasures = (status: number) => {
    site.answer = ({ path }) =>
      path === '/v1/privacy/erasures' ? { status, body: receipt } : { status: 202, body: { accepted: 1, refused: [] } }
  }

  test('asks the collector with the secret, gives its receipt, and leaves nothing', async () => {
    answerErasures(200)
    await open('data-consent="analytics"')
    await site.events(1)
    expect(await say(page, (balise) => balise.forget())).toEqual(receipt)
    expect(erasures().map(({ text }) => JSON.parse(text))).toEqual([
      { site: 'demo', visitor: site.batches()[0]?.visitor },
    ])
    expect(await keys()).toEqual([])
    await say(page, (balise) => balise.track('after'))
    await say(page, (balise) => balise.flush())
    expect(await say(page, (balise) => balise.consent.get())).toBe('none')
    expect(names()).not.toContain('after')
  })

  test('can be asked again where no answer came', async () => {
    answerErasures(503)
    await open('data-consent="analytics"')
    await site.events(1)
    expect(await say(page, (balise) => balise.forget())).toBeNull()
    answerErasures(200)
    expect(await say(page, (balise) => balise.forget())).toEqual(receipt)
    expect(new Set(erasures().map(({ text }) => text)).size).toBe(1)
  })

  test('asks nobody where there is nobody to forget', async () => {
    await open('')
    await site.events(1)
    expect(await say(page, (balise) => balise.forget())).toBeNull()
    expect(erasures()).toEqual([])
  })
})
