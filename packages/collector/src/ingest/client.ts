import type { Envelope } from '@balise/shared/wire/envelope'
import { UAParser } from 'ua-parser-js'
import type { Traits } from './row.ts'

type Agent = Pick<Traits['client'], 'browser' | 'browser_version' | 'os' | 'os_version' | 'device'>

const agents = new Map<string, Agent>()
const agents_max = 2_000

/** Browser, system and device: from the agent; screen and language: from the page. Versions are major ones. */
export const clientOf = (agent: string, page: Envelope['page']): Traits['client'] => ({
  ...agentOf(agent),
  screen: page?.screen ?? null,
  language: page?.language || null,
})

/** Agents repeat and reading one is dear, so the latest are remembered. */
const agentOf = (agent: string): Agent => {
  const known = agents.get(agent)
  if (known) return known
  const read = readAgent(agent)
  if (agents.size >= agents_max) agents.clear()
  agents.set(agent, read)
  return read
}

const readAgent = (agent: string): Agent => {
  const { browser, os, device } = UAParser(agent.slice(0, 500))
  return {
    browser: browser.name ?? null,
    browser_version: majorOf(browser.version),
    os: os.name ?? null,
    os_version: majorOf(os.version),
    device: device.type ?? 'desktop',
  }
}

const majorOf = (version: string | undefined): string | null => version?.split('.')[0] || null
