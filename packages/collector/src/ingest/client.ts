import type { Envelope } from '@balise/shared/wire/envelope'
import { UAParser } from 'ua-parser-js'
import { browserOf } from './browser.ts'
import { deviceOf } from './device.ts'
import type { Hints } from './hints.ts'
import type { Sender } from './hit.ts'
import { languageOf } from './language.ts'
import { remembered } from './remembered.ts'
import type { Traits } from './row.ts'
import { screenOf } from './screen.ts'
import { systemOf } from './system.ts'

type Client = Traits['client']
type Program = Omit<Client, 'screen' | 'language'>

/** A real agent with its hints has at most 700; of more, the rest is not read. */
const told_chars_max = 1_000

/** Browser, system and device: from the client hints first, the agent next. Screen and language: from the page. */
export const clientOf = ({ agent, hints }: Pick<Sender, 'agent' | 'hints'>, page: Envelope['page']): Client => {
  const { screen = '', language = '' } = page ?? {}
  const program = programOf(linesOf(agent, hints))
  return {
    ...program,
    ...(isApplesOnMac(agent) ? handheldOf(screen) : {}),
    screen: screen ? screenClassOf(screen) : null,
    language: language ? languageNamed(language) : null,
  }
}

/** One text to remember a program by. A header holds no line break, so nothing runs together. */
const linesOf = (agent: string, { mobile, platform, platform_version, form_factors, brands }: Hints): string =>
  `${mobile}\n${platform}\n${platform_version}\n${form_factors}\n${brands}\n${agent}`

/** Programs repeat and reading one is dear. */
const programOf = remembered({ entries_max: 5_000, chars_max: told_chars_max }, (lines): Program => {
  const [mobile = '', platform = '', platform_version = '', form_factors = '', brands = '', agent = ''] = lines
    .slice(0, told_chars_max)
    .split('\n')
  const told = { mobile, platform, platform_version, form_factors, brands, agent }
  const { browser, os, device } = UAParser(agent)
  return { ...browserOf(told, browser), ...systemOf(told, os), device: deviceOf(told, device.type) }
})

const screenClassOf = remembered({ entries_max: 2_000, chars_max: 11 }, screenOf)
const languageNamed = remembered({ entries_max: 1_000, chars_max: 35 }, languageOf)

/**
 * A browser of Apple's engine on an iPad, or on an iPhone that asks for the desktop's page, says it is on a Mac:
 * https://webkit.org/blog/9674/new-webkit-features-in-safari-13/. But such a screen stands upright however it is held,
 * and a Mac's lies: in Intoli's sample of real agents each upright "Mac" is as wide as an iPad or an iPhone
 * (`docs/enrichment.md`).
 */
const handheldOf = (screen: string): Pick<Client, 'os' | 'device'> | undefined => {
  const [width = 0, height = 0] = screen.split('x').map(Number)
  if (width === 0 || height <= width) return undefined
  return width < tablet_width_min ? { os: 'iOS', device: 'mobile' } : { os: 'iPadOS', device: 'tablet' }
}

const isApplesOnMac = (agent: string): boolean => agent.includes('Macintosh') && agent.includes('Version/')

/** In CSS pixels. The smallest iPad has 744, the largest iPhone 440. */
const tablet_width_min = 600
