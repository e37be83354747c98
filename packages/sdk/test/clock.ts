import type { Page } from 'playwright-core'

/**
 * Installs a clock that the test can move on, beginning now or at `time`. Playwright’s own shows parts of a millisecond
 * after a timer that asked for some; no browser’s `Date` does.
 */
export const installClock = async (page: Page, options?: { time: number }): Promise<void> => {
  await page.clock.install(options)
  await page.addInitScript(() => {
    const { now } = Date
    Date.now = () => Math.floor(now())
  })
}
