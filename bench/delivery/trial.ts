import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { openFaultProxy } from './fault-proxy.ts'
import type { Fault } from './faults.ts'
import type { Hands } from './hands.ts'
import type { Person } from './person.ts'
import type { Setting } from './stage.ts'

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
const settle_ms_max = 20_000
const dead_settle_ms_max = 2_000
/** How long a return visit may take, and what may still come after what it told itself has. */
const return_ms_max = 20_000
const late_ms_max = 3_000
const look_every_ms = 200
let trials = 0

/** Runs one fault once at one level, with a site of its own, in the browser of `person`, who has no tab of it left after. */
export const runTrial = async (fault: Fault, level: string, setting: Setting, person: Person): Promise<Result> => {
  const key = `t${process.pid.toString(36)}${(trials++).toString(36)}-`
  const collector_url = fault.stranded ? setting.stranded.collector_url : setting.collector_url
  const proxy = await openFaultProxy({ html: htmlOf(setting.site, level, key), script: setting.script, collector_url })
  let told = 0
  let page: Page
  let other: Page | undefined

  const open = async () => {
    page = await person.openTab(fault.before)
    await page.goto(proxy.url)
    await person.lookAround()
  }
  const session = () => page.context().newCDPSession(page)
  const stored = async () => new Set(await setting.names(key)).size

  /** Waits until all that was told is stored, `ms_max` are over, or `isOver` says that nothing more will come. */
  const settled = async (ms_max: number, isOver: () => Promise<boolean> = async () => false): Promise<number> => {
    for (const end_ms = Date.now() + ms_max; ; await wait(look_every_ms)) {
      const over = (await isOver()) || Date.now() > end_ms
      const count = await stored()
      if (count >= told || over) return count
    }
  }

  /** Whether what the return visit itself told has long been stored: what came before it is read no later. */
  const hasReturned = () => {
    let since_ms = 0
    return async () => {
      if (!since_ms && (await setting.names(`back-${key}`))[0]) since_ms = Date.now()
      return since_ms > 0 && Date.now() > since_ms + late_ms_max
    }
  }

  const hands: Hands = {
    proxy,
    page: () => page,
    open,
    async tell({ count = 10, bytes = 0 } = {}) {
      const props = `{ one: 'x'.repeat(${bytes / 2}), two: 'x'.repeat(${bytes / 2}) }`
      await page.evaluate(`for (let n = ${told}; n < ${told + count}; n++) balise.track('${key}' + n, ${props})`)
      told += count
    },
    async prerender() {
      const path = `/next?from=${told}`
      told += 20
      await page.evaluate(`
        setTimeout(() => document.head.append(Object.assign(document.createElement('script'), {
          type: 'speculationrules',
          text: '{"prerender":[{"source":"list","urls":["${path}"],"eagerness":"immediate"}]}',
        })), 300)
        setTimeout(() => { location.href = '${path}' }, 3_000)`)
      await person.lookAway()
      await until('what was prerendered is shown', async () => proxy.shown() > 0)
      await person.closeTabAt(path)
    },
    wait: (ms) => wait(ms),
    async offline(is) {
      proxy.turn({ kind: is ? 'reset' : 'fair' })
      await person.offline(is)
    },
    async hide() {
      other = other ?? (await person.openTab())
      await other.bringToFront()
      await until('the tab is hidden', async () => !!(await page.evaluate('document.hidden')))
    },
    async show() {
      await page.bringToFront()
      await until('the tab is shown', async () => !(await page.evaluate('document.hidden')))
    },
    freeze: async () => void (await (await session()).send('Page.setWebLifecycleState', { state: 'frozen' })),
    async awayAndBack() {
      await page.evaluate(`addEventListener('pageshow', ({ persisted }) => { window.restored = persisted })`)
      await page.goto(`${proxy.url}/elsewhere`)
      await page.goBack({ waitUntil: 'commit' })
      await until('the page is restored from the cache', async () => !!(await page.evaluate('window.restored')))
    },
    fill: async () =>
      void (await (await session()).send('Storage.overrideQuotaForOrigin', { origin: proxy.url, quotaSize: 1 })),
    cutDatabase: setting.stranded.cut,
    killRenderers: person.killRenderers,
    killBrowser: person.killBrowser,
  }

  try {
    await open()
    await fault.act(hands)
    const delivered = await settled(fault.needs_storage ? dead_settle_ms_max : settle_ms_max)
    await person.offline(false)
    await open()
    await hands.page().evaluate(`balise.track('back-${key}')`)
    const returned = await settled(return_ms_max, hasReturned())
    const { length } = await setting.names(key)
    return { told, delivered, returned, stored: length, early: proxy.early() }
  } finally {
    await person.closeTabs()
    await proxy.close()
  }
}

/** A page with the script; while it is prerendered it tells what its address asks for. */
const htmlOf = (site: string, level: string, key: string): string => `<!doctype html><title>Trial</title>
  <script src="/balise.js" data-site="${site}" data-consent="${level}"></script>
  <script>
    const from = Number(new URLSearchParams(location.search).get('from'))
    const tell = (first) => { for (let n = first; n < first + 10; n++) balise.track('${key}' + n) }
    if (document.prerendering) {
      tell(from)
      document.addEventListener('prerenderingchange', () => { tell(from + 10); fetch('/shown') })
    }
  </script>`

/** Waits until something is so; throws where it never is, for then the trial would show something else than it says. */
const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  for (const end_ms = Date.now() + 20_000; !(await isSo()); await wait(50))
    if (Date.now() > end_ms) throw new Error(`In vain waited until ${what}`)
}
