import type { IOS } from 'ua-parser-js'
import { majorOf, type Told, unquoted } from './hints.ts'

/** An operating system by the name that people know, and its major version where it is told truly. */
export type System = { os: string | null; os_version: string | null }

/** `Sec-CH-UA-Platform`. */
const platforms = new Map<string, string>([
  ['Windows', 'Windows'],
  ['macOS', 'macOS'],
  ['Android', 'Android'],
  ['Chrome OS', 'ChromeOS'],
  ['Chromium OS', 'ChromeOS'],
  ['Linux', 'Linux'],
])

/** Systems that a mark in the agent tells better than the hint beside it, or than `ua-parser-js`. */
const marks: readonly [mark: RegExp, os: string][] = [
  [/\bKAIOS\/(\d+)/i, 'KaiOS'],
  [/\biPad\b.*? OS (\d+)_/, 'iPadOS'],
  [/\biPad\b/, 'iPadOS'],
  [/\bSymbianOS\/(\d+)|\bSymbOS\b|\bSeries ?60\b|\bSymbian\b/, 'Symbian'],
  [/\bSeries ?40\b/, 'Series 40'],
  [/\b(?:J2ME|MIDP)\b/, 'Java ME'],
  [/\bXbox\b/, 'Xbox'],
  [/\bPlayStation (?:Vita )?(\d+)/i, 'PlayStation'],
  [/\bTizen (\d+)/, 'Tizen'],
  [/\b(?:Web0S|webOS)\b/i, 'webOS'],
  [/\b(?:HarmonyOS|OpenHarmony)[ /]?(\d+)?/, 'HarmonyOS'],
]

/** What `ua-parser-js` calls otherwise than people do; distributions are Linux to them. */
const names = new Map<string, string>([
  ['Mac OS', 'macOS'],
  ['Chromium OS', 'ChromeOS'],
  ['Ubuntu', 'Linux'],
  ['Debian', 'Linux'],
  ['Fedora', 'Linux'],
  ['Mint', 'Linux'],
  ['SUSE', 'Linux'],
  ['GNU', 'Linux'],
])

/**
 * Agents whose version of the system says nothing: browsers froze it, whatever they run on.
 *
 * - Windows 11 says `NT 10.0`: https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11
 * - every Mac says `10_15_7` (Firefox `10.15`), and every new Android Chrome `10; K`:
 *   https://www.chromium.org/updates/ua-reduction/
 * - Chrome OS says `14541.0.0`, same source; and Linux never told a version.
 */
const frozen = /Windows NT 10\.0|Mac OS X 10[._]15|Android 10; K\)|\bCrOS\b|^(?!.*Android).*\bLinux\b/

/** Of Windows, the hint counts otherwise than its maker: see the page of Microsoft above. */
const windowsOf = (platform_version: string): string | null => {
  const [major = 0, minor = 0] = platform_version.split('.').map(Number)
  if (major >= 13) return '11'
  if (major >= 1) return '10'
  return minor > 0 ? (minor === 1 ? '7' : '8') : null
}

/** The system: from a mark that no hint tells, else from the hints, else as `ua-parser-js` read the agent. */
export const systemOf = (told: Told, parsed: IOS): System => {
  for (const [mark, os] of marks) {
    const found = mark.exec(told.agent)
    if (found) return { os, os_version: applesOf(told.agent, os) ?? found[1] ?? null }
  }
  const hinted = platforms.get(unquoted(told.platform))
  const version = unquoted(told.platform_version)
  if (hinted && version) return { os: hinted, os_version: hinted === 'Windows' ? windowsOf(version) : majorOf(version) }

  const os = hinted ?? (parsed.name ? (names.get(parsed.name) ?? parsed.name) : null)
  if (frozen.test(told.agent)) return { os, os_version: null }
  return { os, os_version: applesOf(told.agent, os) ?? majorOf(parsed.version) }
}

/**
 * Since version 26, Safari on iPhone and iPad bears the system's number and freezes the one before it to 18:
 * https://webkit.org/blog/17333/webkit-features-in-safari-26-0/
 */
const applesOf = (agent: string, os: string | null): string | null => {
  if (os !== 'iOS' && os !== 'iPadOS') return null
  const [, version] = /\bVersion\/(\d+)/.exec(agent) ?? []
  return Number(version) >= 26 ? (version ?? null) : null
}
