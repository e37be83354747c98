import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../dev/chromium.ts'
import { guard } from '../../dev/guard.ts'

/** Somebody with a Chromium and a profile on disk: what they do by hand, and what befalls them. */
export type Person = {
  /** Opens a tab, in front of the others; `before` runs in each of its documents before anything else. */
  openTab: (before?: string) => Promise<Page>
  /** Lets the browser alone until the next call: with somebody at its tools it prerenders nothing. */
  lookAway: () => Promise<void>
  /** Closes the tab whose address ends so, whoever opened it. */
  closeTabAt: (end: string) => Promise<void>
  offline: (is: boolean) => Promise<void>
  /** Kills every page's process, by `SIGKILL`, as a system short of memory does. */
  killRenderers: () => Promise<void>
  /** Kills the whole browser, by `SIGKILL`; the next tab opens in another, on the same profile. */
  killBrowser: () => Promise<void>
  /** Learns which processes there are, so that killing them comes without delay. */
  lookAround: () => Promise<void>
  closeTabs: () => Promise<void>
  leave: () => Promise<void>
}

const start_ms_max = 60_000
const join_ms_max = 8_000
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'

/** Meets somebody new. Their browser starts with their first tab, and stays for the next trial, for that is what takes long. */
export const meet = (): Person => {
  const profile = mkdtempSync(pathOf(tmpdir(), 'balise-person-'))
  let browser: Chromium | undefined
  let renderers: number[] = []

  const context = async () => {
    browser = browser ?? (await start(profile))
    if (!browser.tabs.isConnected()) browser.tabs = await join(browser.tools)
    return browser.tabs.contexts()[0] ?? browser.tabs.newContext()
  }
  const gone = async () => {
    const leaving = browser
    browser = undefined
    if (!leaving) return
    if (leaving.process.exitCode === null && leaving.process.signalCode === null) {
      const exit = once(leaving.process, 'exit')
      leaving.process.kill('SIGKILL')
      await exit
    }
    await leaving.tabs.close()
  }

  return {
    async openTab(before) {
      const page = await (await context()).newPage()
      if (before) await page.addInitScript(before)
      return page
    },
    lookAway: async () => browser?.tabs.close(),
    async closeTabAt(end) {
      const session = await (await context()).browser()?.newBrowserCDPSession()
      const found = await session?.send('Target.getTargets')
      const tab = found?.targetInfos.find(({ type, url }) => type === 'page' && url.endsWith(end))
      if (!session || !tab) throw new Error(`No tab is at ${end}`)
      await session.send('Target.closeTarget', { targetId: tab.targetId })
    },
    offline: async (is) => (await context()).setOffline(is),
    async killRenderers() {
      for (const pid of renderers) kill(pid)
      // The one that Chromium holds ready for the next page dies as well, and has to be missed before a page asks for it.
      await wait(500)
    },
    killBrowser: gone,
    async lookAround() {
      if (!browser) return
      const session = await browser.tabs.newBrowserCDPSession()
      const { processInfo } = await session.send('SystemInfo.getProcessInfo')
      await session.detach()
      renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
    },
    async closeTabs() {
      if (!browser) return
      await (await context()).setOffline(false)
      await Promise.all((await context()).pages().map((page) => page.close()))
    },
    async leave() {
      await gone()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Kills a process, unless it is gone by itself. */
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

type Chromium = { process: ReturnType<typeof spawn>; tools: string; tabs: Browser }

/** Joins a browser at its tools. Where a tab comes or goes at that moment Playwright may wait for it in vain: asked again. */
const join = async (tools: string, tries = 4): Promise<Browser> => {
  try {
    return await chromium.connectOverCDP(tools, { noDefaults: true, timeout: join_ms_max })
  } catch (error) {
    if (tries === 1) throw error
    return join(tools, tries - 1)
  }
}

/**
 * A real Chromium that keeps pages for going back, knows no host but this machine, and does not call itself a bot. It is not
 * started by Playwright but joined without its defaults, which hold every page visible and focused.
 */
const start = async (profile: string): Promise<Chromium> => {
  const told = pathOf(profile, 'DevToolsActivePort')
  rmSync(told, { force: true })
  const child = spawn(
    ensureChromium(),
    [
      '--headless=new',
      '--no-sandbox',
      '--no-first-run',
      '--no-startup-window',
      '--disable-gpu',
      '--disable-extensions',
      '--disable-default-apps',
      '--disable-breakpad',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--remote-debugging-port=0',
      `--user-agent=${agent}`,
      `--user-data-dir=${profile}`,
    ],
    { stdio: 'ignore' },
  )
  guard(child, 'TERM')
  for (const end_ms = Date.now() + start_ms_max; ; await wait(50)) {
    const [port, path] = existsSync(told) ? readFileSync(told, 'utf8').split('\n') : []
    const tools = `ws://127.0.0.1:${port}${path}`
    if (path) return { process: child, tools, tabs: await join(tools) }
    if (child.exitCode !== null || Date.now() > end_ms) throw new Error('Chromium did not start')
  }
}
