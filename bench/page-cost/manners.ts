import { setTimeout as wait } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import type { Stage } from './stage.ts'
import type { Tracker } from './trackers.ts'

/** What a tracker does to a visitor whom nobody has asked: one page, one event, and away. */
export type Manners = {
  /** Local and session storage, cookies, databases and caches, before the visitor has done anything. */
  stored: number
  /** Requests of the whole visit, preflights aside. */
  requests: number
  preflights: number
  bytes: number
}

const rest_ms = 2_000

/** Lives such a visit, on a machine as fast as it is. */
export const mannersOf = async (browser: Browser, stage: Stage, tracker: Tracker): Promise<Manners> => {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    stage.sent()
    await page.goto(stage.pageOf(tracker), { waitUntil: 'load' })
    await wait(rest_ms)
    const stored: number = await page.evaluate(`(async () => {
      const [databases, kept] = await Promise.all([indexedDB.databases(), caches.keys()])
      return localStorage.length + sessionStorage.length + databases.length + kept.length
    })()`)
    const { length: cookies } = await context.cookies()
    await page.evaluate('void tell()')
    await wait(rest_ms / 4)
    await page.goto(stage.pageOf('elsewhere'))
    await wait(rest_ms)
    const sent = stage.sent()
    const preflights = sent.filter(({ method }) => method === 'OPTIONS').length
    return {
      stored: stored + cookies,
      requests: sent.length - preflights,
      preflights,
      bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  } finally {
    await context.close()
  }
}
