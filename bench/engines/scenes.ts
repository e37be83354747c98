import { setTimeout as wait } from 'node:timers/promises'
import type { Tab } from './engine.ts'
import type { Shop } from './shop.ts'

/** What a visitor lives through, and which events have to have arrived afterwards, by name and address. */
export type Scene = {
  what: string
  live: (shop: Shop, open: (path: string) => Promise<Tab>) => Promise<void>
  arrives: (level: Level) => string[]
}

export const levels = ['anonymous', 'analytics'] as const
export type Level = (typeof levels)[number]

/** A page's first second gathers, then it sends. */
const rest_ms = 1_500
const buy = `balise.track('bought')`

export const scenes: readonly Scene[] = [
  {
    what: 'looks, calls, sends a form, goes on in a router',
    async live(_, open) {
      const tab = await open('/')
      await wait(rest_ms)
      await tab.run(`document.querySelector('a').click(); document.querySelector('button').click()`)
      await tab.run(`history.pushState({}, '', '/next')`)
      await wait(rest_ms)
      await tab.close()
    },
    arrives: () => ['contact form /', 'contact phone /', 'page_view /', 'page_view /next'],
  },
  {
    what: 'navigates right after an event',
    async live(_, open) {
      const tab = await open('/')
      await wait(rest_ms)
      await tab.run(`${buy}; location.href = '/next'`)
      await wait(rest_ms)
      await tab.close()
    },
    arrives: () => ['custom bought /', 'page_view /', 'page_view /next'],
  },
  {
    what: 'closes the tab right after an event, in its first second',
    async live(_, open) {
      const tab = await open('/')
      await tab.run(buy)
      await tab.close()
    },
    arrives: () => ['custom bought /', 'page_view /'],
  },
  {
    what: 'goes on, and back',
    async live(_, open) {
      const tab = await open('/')
      await wait(rest_ms)
      await tab.run(`location.href = '/next'`)
      await wait(rest_ms)
      await tab.run('history.back()')
      await wait(rest_ms)
      await tab.close()
    },
    arrives: () => ['page_view /', 'page_view /', 'page_view /next'],
  },
  {
    what: 'stays while the collector says 503 for 3 s',
    async live(shop, open) {
      shop.mood = 'busy'
      const tab = await open('/')
      await tab.run(buy)
      await wait(3_000)
      shop.mood = 'takes'
      await wait(6_000)
      await tab.close()
    },
    arrives: () => ['custom bought /', 'page_view /'],
  },
  {
    what: 'closes the tab while the collector hangs, and comes back',
    async live(shop, open) {
      shop.mood = 'hangs'
      const tab = await open('/')
      await tab.run(buy)
      await wait(rest_ms)
      await tab.close()
      shop.mood = 'takes'
      const again = await open('/again')
      await wait(rest_ms)
      await again.close()
    },
    // Without storage there is nothing to come back to.
    arrives: (level) =>
      level === 'anonymous' ? ['page_view /again'] : ['custom bought /', 'page_view /', 'page_view /again'],
  },
  {
    what: 'opts out at once, and looks again',
    async live(_, open) {
      const tab = await open('/')
      await tab.run('balise.optOut()')
      await tab.run(buy)
      await wait(rest_ms)
      await tab.close()
      const again = await open('/again')
      await wait(rest_ms)
      await again.close()
    },
    arrives: () => [],
  },
]
