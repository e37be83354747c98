import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../dev/chromium.ts'
import { type FaultProxy, openFaultProxy } from './fault-proxy.ts'
import type { Fault } from './faults.ts'

/** What a fault may do. */
export type Trial = {
  proxy: FaultProxy
  /** The page opened last. */
  page: () => Page
  open: () => Promise<void>
  /** Tells events in one task of the page, by default ten small ones; resolves once the calls returned. */
  tell: (what?: { count?: number; bytes?: number }) => Promise<void>
  wait: (ms: number) => Promise<void>
  offline: (is: boolean) => Promise<void>
  hide: () => Promise<void>
  freeze: () => Promise<void>
  /** Leaves the origin no room in storage. */
  fill: () => Promise<void>
  killRenderers: () => Promise<void>
  killBrowser: () => Promise<void>
}

/** What every trial of a run shares. */
export type Setting = {
  collector_url: string
  script: Buffer
  site: string
  /** The names of the stored events that begin so, each as often as it is stored. */
  names: (beginning: string) => Promise<string[]>
}

/** What became of the events of one trial. */
export type Result = {
  told: number
  /** Different ones that were stored as the page was left, and after a return visit. */
  delivered: number
  returned: number
  /** All that were stored in the end, the doubled ones too. */
  stored: number
  /** Batches sent while the collector had asked for none. */
  early: number
}

/** How long a page that lives may take to deliver what it told; what a dead one left is on its way, or is not. */
const settle_ms_max = 12_000
const dead_settle_ms_max = 2_000
const return_ms_max = 8_000
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'
let trials = 0

/** Runs one fault once at one level, in a browser of its own with a profile of its own. */
export const runTrial = async (fault: Fault, level: string, setting: Setting): Promise<Result> => {
  const key = `t${process.pid}-${trials++}-`
  const html = `<!doctype html><title>Trial</title><script src="/balise.js" data-site="${setting.site}" data-consent="${level}"></script>`
  const proxy = await openFaultProxy({ html, script: setting.script, collector_url: setting.collector_url })
  const profile = mkdtempSync(join(tmpdir(), 'balise-trial-'))
  let told = 0
  let context = await launch(profile, fault.before)
  let page = await context.newPage()

  /** Asked for as a page opens, so that a kill comes without delay. */
  let processes: { [type: string]: number[] } = {}

  const open = async () => {
    page = await context.newPage()
    await page.goto(proxy.url)
    processes = await processesOf(context.browser() as Browser)
  }
  const delivered = async (ms_max: number): Promise<number> => {
    for (const end_ms = Date.now() + ms_max; ; await wait(150)) {
      const count = new Set(await setting.names(key)).size
      if (count >= told || Date.now() > end_ms) return count
    }
  }
  const kill = (type: string): void => {
    for (const pid of processes[type] ?? []) process.kill(pid, 'SIGKILL')
  }
  const session = () => context.newCDPSession(page)

  const trial: Trial = {
    proxy,
    page: () => page,
    open,
    async tell({ count = 10, bytes = 0 } = {}) {
      const props = `{ one: 'x'.repeat(${bytes / 2}), two: 'x'.repeat(${bytes / 2}) }`
      await page.evaluate(`for (let n = ${told}; n < ${told + count}; n++) balise.track('${key}' + n, ${props})`)
      told += count
    },
    wait: (ms) => wait(ms),
    async offline(is) {
      proxy.turn({ kind: is ? 'reset' : 'fair' })
      await context.setOffline(is)
    },
    hide: () =>
      page.evaluate(`for (const is of [true, false]) {
        Object.defineProperty(document, 'hidden', { value: is, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }`),
    freeze: async () => void (await (await session()).send('Page.setWebLifecycleState', { state: 'frozen' })),
    fill: async () =>
      void (await (await session()).send('Storage.overrideQuotaForOrigin', { origin: proxy.url, quotaSize: 1 })),
    async killRenderers() {
      kill('renderer')
      // The one that Chromium holds ready for the next page dies as well, and has to be missed before a page asks for it.
      await wait(500)
    },
    async killBrowser() {
      const gone = new Promise((resolve) => context.once('close', resolve))
      kill('browser')
      await gone
    },
  }

  try {
    await open()
    await fault.act(trial)
    const before = await delivered(fault.needs_storage ? dead_settle_ms_max : settle_ms_max)
    if (fault.alone) context = await launch(profile, fault.before)
    else await context.setOffline(false)
    await open()
    const returned = await delivered(return_ms_max)
    const { length } = await setting.names(key)
    return { told, delivered: before, returned, stored: length, early: proxy.early() }
  } finally {
    await context.close()
    await proxy.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The ids of a browser's processes. */
const processesOf = async (browser: Browser): Promise<{ [type: string]: number[] }> => {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return Object.fromEntries(
    ['browser', 'renderer'].map((name) => [name, processInfo.filter(({ type }) => type === name).map(({ id }) => id)]),
  )
}

/** A real Chromium that keeps pages for going back, knows no host but this machine, and does not call itself a bot. */
const launch = async (profile: string, before: string | undefined): Promise<BrowserContext> => {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: ensureChromium(),
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      `--user-agent=${agent}`,
    ],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  if (before) await context.addInitScript(before)
  return context
}
