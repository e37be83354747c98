import { type Browser, chromium } from 'playwright-core'
import { ensureChromium } from '../dev/chromium.ts'
import { createParts } from '../dev/parts.ts'
import { openBuilt } from './built.ts'
import { countOf } from './count-of.ts'
import { optionsIn } from './options.ts'
import { installPeers } from './page-cost/code.ts'
import { mannersOf } from './page-cost/manners.ts'
import { openStage } from './page-cost/stage.ts'
import { type Measured, tablesOf } from './page-cost/tables.ts'
import { nothing, ourTracker, peerTrackers } from './page-cost/trackers.ts'
import { visit } from './page-cost/visit.ts'

/** `pnpm bench:page-cost`: what trackers cost a page in a real, slowed-down browser, one after the other, round after round. */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, { rounds: { type: 'string', default: '2' }, peers: { type: 'string', default: '' } })
  const rounds = countOf(values.rounds)
  await installPeers()
  const parts = createParts()
  try {
    const { folder } = await parts.add('build', openBuilt())
    const wanted = values.peers.split(',')
    const peers = (await peerTrackers()).filter(({ key }) => wanted.some((name) => key.includes(name)))
    const trackers = [nothing, ourTracker(folder, 'anonymous'), ourTracker(folder, 'analytics'), ...peers]
    const waiting = ourTracker(folder, 'none')
    const stage = await parts.add('stage', openStage([...trackers, waiting]))
    const browser = await openBrowser()
    await parts.add('browser', { stop: () => browser.close() })

    const measured: Measured[] = []
    for (const tracker of [...trackers, waiting])
      measured.push({ tracker, costs: [], manners: await mannersOf(browser, stage, tracker) })
    for (let round = 0; round < rounds; round++)
      for (const { tracker, costs } of measured)
        if (tracker !== waiting) costs.push(await visit(browser, stage, tracker))
    console.log(`${new Date().toISOString().slice(0, 10)}, Chromium ${browser.version()}, ${rounds} rounds\n`)
    console.log(tablesOf(measured))
    return 0
  } finally {
    await parts.stop()
  }
}

/** A Chromium that knows no host but this machine, and is not taken for a bot by trackers that leave bots alone. */
const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: ensureChromium(),
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--disable-blink-features=AutomationControlled',
      '--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36',
    ],
  })
