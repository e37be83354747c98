import type { IBrowser } from 'ua-parser-js'
import { brandsOf, majorOf, type Told } from './hints.ts'

/** A browser by the name that people know, and its major version. */
export type Browser = { browser: string | null; browser_version: string | null }

/** Brands of `Sec-CH-UA` that name a product. `Chromium` is in most lists and `Android WebView` in every app: not here. */
const brands = new Map<string, string>([
  ['Google Chrome', 'Chrome'],
  ['Microsoft Edge', 'Edge'],
  ['Microsoft Edge WebView2', 'Edge'],
  ['Brave', 'Brave'],
  ['Opera', 'Opera'],
  ['Opera GX', 'Opera'],
  ['OperaMobile', 'Opera'],
  ['Opera Mini', 'Opera Mini'],
  ['Samsung Internet', 'Samsung Internet'],
  ['Vivaldi', 'Vivaldi'],
  ['Yandex', 'Yandex Browser'],
  ['YaBrowser', 'Yandex Browser'],
  ['DuckDuckGo', 'DuckDuckGo'],
  ['HuaweiBrowser', 'Huawei Browser'],
  ['Whale', 'Whale'],
  ['Oculus Browser', 'Meta Quest Browser'],
  ['Meta Quest Browser', 'Meta Quest Browser'],
])

/**
 * Browsers and apps that leave a mark in the agent of the engine they borrow, most often the system's WebView. A group is
 * the version, where the row names none. The first that is there decides, so what is more special stands first.
 */
const marks: readonly [mark: RegExp, browser: string, version?: string][] = [
  [/\bFBAN\/EMA\b.*FBAV\/(\d+)/, 'Facebook Lite'],
  [/\b(?:FBAN\/Messenger|Orca-Android)\b.*FBAV\/(\d+)/, 'Messenger'],
  [/\bFBAN\/Orca\b.*FBAV\/(\d+)/, 'Messenger'],
  [/\bInstagram[ /](\d+)/, 'Instagram'],
  [/\bBarcelona (\d+)/, 'Threads'],
  [/\bFB(?:AV|SV)\/(\d+)/, 'Facebook'],
  [/\bFBAN\b|\bFB_IAB\b|\bMetaIAB Facebook\b/, 'Facebook'],
  [/\b(?:musical_ly|trill)_(?:(\d+)\.)?/, 'TikTok'],
  [/\bBytedanceWebview\b/i, 'TikTok'],
  [/\bWhatsApp\/(\d+)/, 'WhatsApp'],
  [/\bTelegram-(?:Android|iOS)\/(\d+)/, 'Telegram'],
  [/\bSnapchat\/(\d+)/, 'Snapchat'],
  [/\[LinkedInApp\]\/?(\d+)?/, 'LinkedIn'],
  [/\bTwitter for (?:iPhone|iPad)(?:\/(\d+))?|\bTwitterAndroid\b/, 'X'],
  [/\[Pinterest\/(?:iOS|Android)\]/, 'Pinterest'],
  [/\bMicroMessenger\/(\d+)/, 'WeChat'],
  [/\bBrave\b(?:\/(\d+))?/, 'Brave'],
  [/\bEcosia [a-z]+@(\d+)/, 'Ecosia'],
  [/\bGSA\/(\d+)/, 'Google app'],
  // Opera's builds for Android carry the product's number third: 2254 is Opera Mini.
  [/\bOPR\/(\d+)\.\d+\.2254\./, 'Opera Mini'],
  [/\bOpera Mini\/(\d+)/, 'Opera Mini'],
  // Phoenix and Hi Browser come with Tecno, Infinix and itel phones.
  [/\bPHX\/(\d+)/, 'Phoenix'],
  [/\bHiBrowser\/v?(\d+)/, 'Hi Browser'],
  [/\bUC ?(?:Browser|WEB)\/?(\d+)/, 'UC Browser'],
  // In its compatibility view Internet Explorer names an older self; its engine does not.
  [/\bTrident\/7\.0/, 'Internet Explorer', '11'],
  [/\bTrident\/6\.0/, 'Internet Explorer', '10'],
]

/** What `ua-parser-js` calls otherwise than people do. */
const names = new Map<string, string>([
  ['Mobile Safari', 'Safari'],
  ['Chrome Headless', 'Chrome'],
  ['Chrome WebView', 'Android WebView'],
  ['IE', 'Internet Explorer'],
  ['IEMobile', 'Internet Explorer'],
  ['Opera Mobi', 'Opera'],
  ['Opera Tablet', 'Opera'],
  ['Opera Touch', 'Opera'],
  ['Opera Coast', 'Opera'],
  ['Opera GX', 'Opera'],
  ['Samsung Browser', 'Samsung Internet'],
  ['Yandex', 'Yandex Browser'],
  ['Oculus Browser', 'Meta Quest Browser'],
])

/** The browser: from the brands it names, else from an app's mark in the agent, else as `ua-parser-js` read the agent. */
export const browserOf = (told: Told, parsed: IBrowser): Browser => {
  for (const [brand, version] of brandsOf(told.brands)) {
    const browser = brands.get(brand)
    if (browser) return { browser, browser_version: version || null }
  }
  for (const [mark, browser, version] of marks) {
    const found = mark.exec(told.agent)
    if (found) return { browser, browser_version: version ?? found[1] ?? null }
  }
  const { name } = parsed
  // An app's page on iPhone and iPad: the number is the engine's.
  if (name === 'WebKit') return { browser: 'iOS WebView', browser_version: null }
  return { browser: name ? (names.get(name) ?? name) : null, browser_version: majorOf(parsed.version) }
}
