import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium, say } from './chromium.ts'
import { type Api, openApi } from './fixtures/api.ts'
import { type Case, fetches } from './fixtures/conformance.ts'
import { requests } from './fixtures/xhr-conformance.ts'
import { moduleOf, openSite, type Site } from './site.ts'

let browser: Browser
let site: Site
let api: Api
let other: Api
let page: Page
beforeAll(async () => {
  browser = await openChromium()
  page = await browser.newPage()
})
afterAll(() => browser.close())
beforeEach(async () => {
  site = await openSite()
  api = await openApi()
  other = await openApi()
  site.serve = api.answer
})
afterEach(() => Promise.all([site.close(), api.close(), other.close()]))

const open = async (html: string) => {
  site.html = html
  await page.goto(`${site.url}/p/1`)
}

const run = (act: Case['act']) => page.evaluate(`Promise.resolve((${act})(${JSON.stringify({ other: other.url })}))`)

const calls = async () => {
  await say(page, (balise) => balise.flush())
  const events = site.batches().flatMap(({ events }) => events)
  return events.flatMap((event) => (event.kind === 'api_call' ? [event] : [])).sort((a, b) => a.at - b.at)
}

describe.each([
  { how: 'as the browser made them', html: '<!doctype html>' },
  { how: 'with us before them', html: moduleOf('sdk.wrappedApiCalls()') },
])('$how', ({ html }) => {
  test.each([...fetches, ...requests])('$says', async ({ act, sees }) => {
    await open(html)
    expect(await run(act)).toEqual(sees)
  })

  test('a simple call to another origin needs no preflight, unless its upload is watched', async () => {
    await open(html)
    await run(async ({ other }) => {
      const post = (isWatched: boolean) =>
        new Promise((resolve) => {
          const xhr = new XMLHttpRequest()
          if (isWatched) xhr.upload.onprogress = () => {}
          xhr.onloadend = resolve
          xhr.open('POST', `${other}/cors/echo`)
          xhr.send('x')
        })
      await fetch(`${other}/cors/echo`, { method: 'POST', body: 'x' })
      await post(false)
      await post(true)
    })
    expect(other.asked).toEqual(['POST', 'POST', 'OPTIONS', 'POST'])
  })
})

describe('a call is told', () => {
  const told: { says: string; act: Case['act']; tells: object[] }[] = [
    {
      says: 'with its method, endpoint, status and bytes',
      act: () => fetch('/text?token=s3cret', { method: 'post' }).then(() => {}),
      tells: [{ method: 'POST', endpoint: '/text', status: 200, bytes: 5 }],
    },
    {
      says: 'as its Request says',
      act: () => fetch(new Request('/missing', { method: 'DELETE' })).then(() => {}),
      tells: [{ method: 'DELETE', endpoint: '/missing', status: 404 }],
    },
    {
      says: 'by its host where that is another one',
      act: ({ other }) => fetch(`${other}/cors/text`).then(() => {}),
      tells: [{ method: 'GET', endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+\/cors\/text$/), status: 200 }],
    },
    {
      says: 'as failed where no answer came',
      act: () => fetch('/reset').catch(() => {}),
      tells: [{ endpoint: '/reset', status: 0 }],
    },
    {
      says: 'as aborted where the page gave it up',
      act: () => fetch('/never', { signal: AbortSignal.timeout(20) }).catch(() => {}),
      tells: [{ endpoint: '/never', status: 0, props: { aborted: true } }],
    },
    {
      says: 'while its answer still streams',
      act: () => fetch('/halves').then(() => {}),
      tells: [{ endpoint: '/halves', status: 200 }],
    },
    {
      says: 'not at all where the browser hides its status',
      act: async ({ other }) => {
        await fetch(`${other}/text`, { mode: 'no-cors' })
        await fetch('/redirect', { redirect: 'manual' })
      },
      tells: [],
    },
    {
      says: 'not at all where it goes nowhere',
      act: async () => {
        await fetch('data:text/plain,secret')
        await fetch('http://').catch(() => {})
      },
      tells: [],
    },
    {
      says: 'by XMLHttpRequest each time an object is used, in its own `load` too',
      act: () =>
        new Promise<void>((resolve) => {
          const xhr = new XMLHttpRequest()
          const next = ['/teapot', '/nothing']
          xhr.onload = () => {
            const url = next.shift()
            if (!url) return resolve()
            xhr.open('PUT', url)
            xhr.send()
          }
          xhr.open('get', '/text')
          xhr.send()
        }),
      tells: [
        { method: 'GET', endpoint: '/text', status: 200, bytes: 5 },
        { method: 'PUT', endpoint: '/teapot', status: 418 },
        { method: 'PUT', endpoint: '/nothing', status: 204 },
      ],
    },
    {
      says: 'by XMLHttpRequest that aborts, fails, times out or throws at once',
      act: async () => {
        const call = (url: string, aborts: boolean, timeout: number) =>
          new Promise((resolve) => {
            const xhr = new XMLHttpRequest()
            // Later, for ours is the last to hear of an end.
            xhr.onloadend = () => setTimeout(resolve)
            xhr.open('GET', url)
            xhr.timeout = timeout
            xhr.send()
            if (aborts) xhr.abort()
          })
        await call('/never', true, 0)
        await call('/reset', false, 0)
        await call('/never', false, 30)
        const xhr = new XMLHttpRequest()
        xhr.open('GET', '/reset', false)
        try {
          xhr.send()
        } catch (error) {
          return (error as Error).name
        }
        return 'nothing was thrown'
      },
      tells: [
        { endpoint: '/never', status: 0, props: { aborted: true } },
        { endpoint: '/reset', status: 0 },
        { endpoint: '/never', status: 0 },
        { endpoint: '/reset', status: 0 },
      ],
    },
    {
      says: 'once, though a page sends twice by mistake',
      act: () =>
        new Promise((resolve) => {
          const xhr = new XMLHttpRequest()
          xhr.open('GET', '/text')
          xhr.send()
          try {
            xhr.send()
          } catch (error) {
            xhr.onloadend = () => resolve((error as Error).name)
          }
        }),
      tells: [{ endpoint: '/text', status: 200 }],
    },
    {
      says: 'under the base that the page names',
      act: () => {
        document.head.append(Object.assign(document.createElement('base'), { href: '/' }))
        return fetch('text').then(() => {})
      },
      tells: [{ endpoint: '/text', status: 200 }],
    },
  ]

  test.each(told)('$says', async ({ act, tells }) => {
    await open(moduleOf('sdk.wrappedApiCalls()'))
    await run(act)
    await expect.poll(calls).toHaveLength(tells.length)
    expect(await calls()).toMatchObject(tells)
  })

  test('never, where it is ours', async () => {
    await open(moduleOf('sdk.wrappedApiCalls()'))
    await say(page, (balise) => balise.track('first'))
    await site.events(1)
    await say(page, (balise) => balise.track('second'))
    await site.events(2)
    expect(await calls()).toEqual([])
  })

  test.each([
    { lists: `{ allow: ['/te', '/missing'] }`, tells: ['/text', '/missing', '/teapot'] },
    { lists: `{ deny: ['/te'] }`, tells: ['/missing'] },
    { lists: `{ allow: ['/te'], deny: ['/teapot'] }`, tells: ['/text'] },
    { lists: `{ allow: [] }`, tells: [] },
  ])('as $lists says, by either way to notice', async ({ lists, tells }) => {
    const wanted = tells.toSorted()
    for (const capture of ['wrappedApiCalls', 'apiCalls']) {
      const before = site.batches().length
      await open(moduleOf(`sdk.${capture}(${lists})`))
      await run(() => Promise.all(['/text', '/missing', '/teapot'].map((url) => fetch(url).then(() => {}))))
      const endpoints = async () => {
        await calls()
        const events = site
          .batches()
          .slice(before)
          .flatMap(({ events }) => events)
        return events.map((event) => event.kind === 'api_call' && event.endpoint).toSorted()
      }
      await expect.poll(endpoints).toEqual(wanted)
    }
  })
})
