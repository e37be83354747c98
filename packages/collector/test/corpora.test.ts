import crawlers from 'crawler-user-agents'
import { describe, expect, test } from 'vitest'
import { isAutomaton } from '../src/ingest/automaton.ts'
import { clientOf } from '../src/ingest/client.ts'
import { noHints } from '../src/ingest/hints.ts'
import { firefox } from './batches.ts'
import { people } from './corpora/people.ts'
import { reviewedBrowsers, reviewedDevices } from './corpora/reviewed.ts'
import { uapBrowserOf, uapSystemOf } from './corpora/uap-core.ts'

const senderOf = (agent: string) => ({ ip: '203.0.113.7', place: {}, agent, hints: noHints, objects: false })
const readOf = (agent: string, screen = '') => clientOf(senderOf(agent), { screen })

/** How often what Balise says is so, in percent; printed, so that `docs/enrichment.md` can be checked. */
const agreement = <Row>(on: string, rows: readonly Row[], agrees: (row: Row) => boolean) => {
  const others = rows.filter((row) => !agrees(row))
  const percent = (100 * (rows.length - others.length)) / rows.length
  console.log(`${on}: ${rows.length - others.length} of ${rows.length}, ${percent.toFixed(2)} %`)
  return { percent, others }
}

const agents = [...new Set(people.map(({ userAgent }) => userAgent))]

/** What `navigator.platform` of a real browser says of its system. Other values do not tell one system. */
const platforms = new Map([
  ['Win32', ['Windows']],
  ['MacIntel', ['macOS', 'iPadOS', 'iOS']], // Safari on iPad and iPhone says so where it asks for the desktop's page
  ['iPhone', ['iOS']],
  ['iPad', ['iPadOS']],
])

/** What uap-core calls otherwise. */
const uapNames = new Map([
  ['Chrome Mobile', 'Chrome'],
  ['Chrome Mobile iOS', 'Chrome'],
  ['Chrome Mobile WebView', 'Android WebView'],
  ['Mobile Safari', 'Safari'],
  ['Mobile Safari UI/WKWebView', 'iOS WebView'],
  ['Firefox Mobile', 'Firefox'],
  ['Firefox iOS', 'Firefox'],
  ['Edge Mobile', 'Edge'],
  ['DuckDuckGo Mobile', 'DuckDuckGo'],
  ['Google', 'Google app'],
  ['Mac OS X', 'macOS'],
  ['Chrome OS', 'ChromeOS'],
  ['Ubuntu', 'Linux'],
])
const ours = (name: string) => uapNames.get(name) ?? name

describe('agents of public corpora', () => {
  test('crawlers are found out', () => {
    const instances = crawlers.flatMap((crawler) => crawler.instances)
    const { percent } = agreement('crawlers found out', instances, (agent) => isAutomaton(senderOf(agent)))
    expect(percent).toBeGreaterThan(99.5)
  })

  test('no person is held for a crawler', () => {
    expect(agreement('people let in', agents, (agent) => !isAutomaton(senderOf(agent))).others).toEqual([])
    expect(isAutomaton(senderOf(firefox))).toBe(false)
  })

  test('the system is the one the browser itself tells', () => {
    const told = people.filter(({ platform }) => platforms.has(platform))
    const { percent } = agreement('system as navigator.platform', told, (person) => {
      const { os } = readOf(person.userAgent, `${person.screenWidth}x${person.screenHeight}`)
      return platforms.get(person.platform)?.includes(os ?? '') ?? false
    })
    expect(percent).toBeGreaterThan(99.9)
  })

  test('browser and system are those that uap-core reads', () => {
    const browsers = agreement('browser as uap-core', agents, (agent) => {
      return readOf(agent).browser === ours(uapBrowserOf(agent).name)
    })
    const versions = agreement('browser and version as uap-core', agents, (agent) => {
      const { browser, browser_version } = readOf(agent)
      const { name, version } = uapBrowserOf(agent)
      return browser === ours(name) && browser_version === version
    })
    const systems = agreement('system as uap-core', agents, (agent) => {
      return readOf(agent).os?.replace('iPadOS', 'iOS') === ours(uapSystemOf(agent).name)
    })
    expect(browsers.percent).toBeGreaterThan(97.8)
    expect(versions.percent).toBeGreaterThan(97.8)
    expect(systems.percent).toBe(100)
  })

  test('what uap-core’s reviewers settled is so', () => {
    const devices = agreement('reviewed devices', reviewedDevices, ([agent, device]) => readOf(agent).device === device)
    const browsers = agreement('reviewed browsers', reviewedBrowsers, ([agent, browser, version]) => {
      const read = readOf(agent)
      return read.browser === browser && read.browser_version === version
    })
    expect(devices.others.map(([agent]) => agent)).toEqual([expect.stringContaining('Kindle Fire')])
    expect(browsers.others).toEqual([])
  })
})
