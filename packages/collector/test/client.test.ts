import { describe, expect, test } from 'vitest'
import { clientOf } from '../src/ingest/client.ts'
import { type Hints, noHints } from '../src/ingest/hints.ts'
import { firefox } from './batches.ts'

const read = (agent: string, hints: Partial<Hints> = {}, page: { screen?: string; language?: string } = {}) =>
  clientOf({ agent, hints: { ...noHints, ...hints } }, page)

/** `browser version, system version, device`, as a person would say it. */
const said = (agent: string, hints: Partial<Hints> = {}, screen = '') => {
  const { browser, browser_version, os, os_version, device } = read(agent, hints, { screen })
  return `${[browser, browser_version].filter(Boolean).join(' ')}, ${[os, os_version].filter(Boolean).join(' ')}, ${device}`
}

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const onAndroid = (rest: string, phone = 'Android 11; TECNO KD7 Build/RP1A.200720.011; wv') =>
  `Mozilla/5.0 (Linux; ${phone}) ${webkit} Version/4.0 ${rest}`
const onIPhone = (rest: string, os = '17_2') =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS ${os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${rest}`
const onMac = (rest: string) =>
  `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) ${rest}`
const onWindows = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/150.0.0.0 Safari/537.36`

describe('an agent alone tells', () => {
  test.each<[said: string, agent: string]>([
    ['Firefox 140, Linux, desktop', firefox],
    ['Chrome 150, Windows, desktop', onWindows],
    ['Edge 150, Windows, desktop', `${onWindows} Edg/150.0.0.0`],
    ['Opera 136, Windows, desktop', `${onWindows} OPR/136.0.0.0`],
    ['Safari 18, macOS, desktop', onMac('Version/18.3 Safari/605.1.15')],
    ['Safari 17, iOS 17, mobile', onIPhone('Version/17.2 Mobile/15E148 Safari/604.1')],
    ['Safari 26, iOS 26, mobile', onIPhone('Version/26.6 Mobile/15E148 Safari/604.1', '18_7')],
    ['Chrome 148, iOS 18, mobile', onIPhone('CriOS/148.0.0.0 Mobile/15E148 Safari/604.1', '18_3')],
    [
      'Chrome 153, Android, mobile',
      `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/153.0.0.0 Mobile Safari/537.36`,
    ],
    ['Chrome 153, Android, tablet', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/153.0.0.0 Safari/537.36`],
    [
      'Samsung Internet 30, Android, mobile',
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/30.0 Chrome/143.0.0.0 Mobile Safari/537.36',
    ],
    [
      'Chrome 120, ChromeOS, desktop',
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/120.0.0.0 Safari/537.36`,
    ],
    ['Firefox 120, Linux, desktop', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0'],
    ['Firefox 155, iOS 17, mobile', onIPhone('FxiOS/155 Mobile/15E148', '17_1')],
  ])('%s', (expected, agent) => expect(said(agent)).toBe(expected))
})

describe('phones that are common in Africa', () => {
  test.each<[said: string, agent: string]>([
    ['Opera Mini 60, Android 11, mobile', onAndroid('Chrome/94.0.4606.85 Mobile Safari/537.36 OPR/60.0.2254.59405')],
    ['Opera 60, Android 11, mobile', onAndroid('Chrome/94.0.4606.85 Mobile Safari/537.36 OPR/60.2.3004.55409')],
    [
      'Opera Mini 36, Android, mobile',
      'Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; fr) Presto/2.12.423 Version/12.16',
    ],
    [
      'Opera Mini 4, Java ME, mobile',
      'Opera/9.80 (J2ME/MIDP; Opera Mini/4.5.40312/191.256; U; fr) Presto/2.12.423 Version/12.16',
    ],
    [
      'Phoenix 10, Android 10, mobile',
      onAndroid('Chrome/87.0.4280.141 Mobile Safari/537.36 PHX/10.2', 'Android 10; itel A571W Build/QP1A; wv'),
    ],
    [
      'Hi Browser 2, Android 12, mobile',
      onAndroid('Chrome/104.0.0.0 Mobile Safari/537.36 HiBrowser/v2.9.1.1', 'Android 12; Infinix X669C Build/SP1A; wv'),
    ],
    [
      'UC Browser 13, Android 9, mobile',
      onAndroid(
        'Chrome/78.0.3904.108 UCBrowser/13.4.0.1306 Mobile Safari/537.36',
        'U; Android 9; en-US; Infinix X650 Build/PPR1',
      ),
    ],
    [
      'UC Browser 2, Android 8, mobile',
      'Mozilla/5.0 (Linux; U; Android 8.1.0; en-US; Tecno W5 ) UCBrowser/2.0 (UCMini) U2/1.0.0 Mobile',
    ],
    ['Firefox 48, KaiOS 2, mobile', 'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1'],
    [
      'Facebook Lite 350, Android 11, mobile',
      onAndroid('Chrome/109.0 Mobile Safari/537.36 [FBAN/EMA;FBLC/fr_FR;FBAV/350.0.0.8.115;FBCX/modulariab;]'),
    ],
  ])('%s', (expected, agent) => expect(said(agent)).toBe(expected))
})

describe('apps that show pages', () => {
  test.each<[said: string, agent: string]>([
    [
      'Facebook 444, Android 11, mobile',
      onAndroid('Chrome/120.0.6099.43 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/444.0.0.0.110;]'),
    ],
    ['Facebook 445, iOS 17, mobile', onIPhone('Mobile/15E148 [FBAN/FBIOS;FBAV/445.0.0.30.116;FBBV/1;]')],
    [
      'Messenger 440, Android 11, mobile',
      onAndroid('Chrome/120.0 Mobile Safari/537.36 [FB_IAB/Orca-Android;FBAV/440.0.0.40.105;]'),
    ],
    ['Instagram 312, iOS 17, mobile', onIPhone('Mobile/15E148 Instagram 312.0.0.0.10 (iPhone14,7; iOS 17_2; fr_FR)')],
    ['TikTok 32, iOS 17, mobile', onIPhone('Mobile/15E148 musical_ly_32.8.0 JsSdk/2.0 NetType/WIFI ByteLocale/fr')],
    [
      'TikTok, Android 11, mobile',
      onAndroid('Chrome/119.0 Mobile Safari/537.36 trill_2023205030 BytedanceWebview/d8a21c6'),
    ],
    [
      'Telegram 10, Android 11, mobile',
      onAndroid('Chrome/120.0 Mobile Safari/537.36 Telegram-Android/10.6.1 (Tecno KD7; Android 11)'),
    ],
    ['Snapchat 12, iOS 17, mobile', onIPhone('Version/17.0 Mobile/15E148 Snapchat/12.60')],
    ['LinkedIn 9, iOS 17, mobile', onIPhone('Mobile/15E148 [LinkedInApp]/9.29.1')],
    ['Google app 290, iOS 16, mobile', onIPhone('GSA/290.0.574113579 Mobile/15E148 Safari/604.1', '16_6')],
    ['Android WebView 94, Android 11, mobile', onAndroid('Chrome/94.0.4606.85 Mobile Safari/537.36')],
    ['iOS WebView, iOS 17, mobile', onIPhone('Mobile/15E148')],
  ])('%s', (expected, agent) => expect(said(agent)).toBe(expected))
})

describe('other things than computers and phones', () => {
  test.each<[said: string, agent: string]>([
    [
      'Edge 20, Xbox, console',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02',
    ],
    [
      'Safari 13, PlayStation 5, console',
      'Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15',
    ],
    [
      'Safari 5, Tizen 5, tv',
      'Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/5.0 TV Safari/538.1',
    ],
    [
      'Silk 108, Android 9, tablet',
      'Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/108.4.6 like Chrome/108.0.5359.160 Safari/537.36',
    ],
    [
      'Meta Quest Browser 26, Linux, wearable',
      'Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/26.2.0.0.10 Chrome/110.0.5481.192 VR Safari/537.36',
    ],
    [
      'Safari 18, iPadOS 18, tablet',
      'Mozilla/5.0 (iPad; CPU OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
    ],
  ])('%s', (expected, agent) => expect(said(agent)).toBe(expected))
})

describe('client hints come first', () => {
  const chrome = '"Google Chrome";v="150", "Chromium";v="150", "Not-A.Brand";v="24"'
  const android = `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/150.0.0.0 Mobile Safari/537.36`

  test.each<[said: string, agent: string, hints: Partial<Hints>]>([
    ['Chrome 150, Windows, desktop', onWindows, { brands: chrome, mobile: '?0', platform: '"Windows"' }],
    [
      'Chrome 150, Windows 11, desktop',
      onWindows,
      { brands: chrome, platform: '"Windows"', platform_version: '"15.0.0"' },
    ],
    [
      'Chrome 150, Windows 10, desktop',
      onWindows,
      { brands: chrome, platform: '"Windows"', platform_version: '"10.0.0"' },
    ],
    [
      'Chrome 150, Windows 7, desktop',
      onWindows,
      { brands: chrome, platform: '"Windows"', platform_version: '"0.1.0"' },
    ],
    [
      'Chrome 150, macOS 15, desktop',
      onMac('Chrome/150.0.0.0 Safari/537.36'),
      { brands: chrome, platform: '"macOS"', platform_version: '"15.3.1"' },
    ],
    [
      'Brave 150, Windows, desktop',
      onWindows,
      { brands: '"Brave";v="150", "Chromium";v="150", "Not-A.Brand";v="24"', platform: '"Windows"' },
    ],
    [
      'Edge 150, Windows, desktop',
      onWindows,
      { brands: '"Not-A.Brand";v="24", "Microsoft Edge";v="150.0.1.2"', platform: '"Windows"' },
    ],
    [
      'Chrome 150, Windows, desktop',
      onWindows,
      { brands: '"Chromium";v="150", "Not-A.Brand";v="24"', platform: '"Windows"' },
    ],
    [
      'Chrome 150, Android 14, mobile',
      android,
      { brands: chrome, mobile: '?1', platform: '"Android"', platform_version: '"14.0.0"' },
    ],
    ['Chrome 150, Android, tablet', android, { brands: chrome, mobile: '?0', platform: '"Android"' }],
    [
      'Chrome 150, Android, tablet',
      android,
      { brands: chrome, mobile: '?1', platform: '"Android"', form_factors: '"Mobile", "Tablet"' },
    ],
    ['Chrome 150, Android, wearable', android, { brands: chrome, platform: '"Android"', form_factors: '"Watch"' }],
    [
      'Opera Mini 60, Android 11, mobile',
      onAndroid('Chrome/94.0 Mobile Safari/537.36 OPR/60.0.2254.59405'),
      {
        brands: '"Android WebView";v="94", "Chromium";v="94"',
        mobile: '?1',
        platform: '"Android"',
        platform_version: '"11"',
      },
    ],
    [
      'Chrome 150, Windows, desktop',
      onWindows,
      {
        brands: '"constructor";v="1", "__proto__";v="1"',
        platform: '"constructor"',
        platform_version: '";"',
        mobile: '?2',
      },
    ],
  ])('%s', (expected, agent, hints) => expect(said(agent, hints)).toBe(expected))
})

describe('Safari that says it is on a Mac', () => {
  const safari = onMac('Version/18.3 Safari/605.1.15')
  test.each<[screen: string, said: string]>([
    ['1440x900', 'Safari 18, macOS, desktop'],
    ['820x1180', 'Safari 18, iPadOS, tablet'],
    ['402x874', 'Safari 18, iOS, mobile'],
    ['0x0', 'Safari 18, macOS, desktop'],
    ['', 'Safari 18, macOS, desktop'],
  ])('with a screen of %s is %s', (screen, expected) => expect(said(safari, {}, screen)).toBe(expected))

  test('as does every browser of Apple’s engine', () =>
    expect(said(onMac('Version/26.5.2 Safari/605.1.15 Ddg/26.5.2'), {}, '820x1180')).toBe(
      'DuckDuckGo 26, iPadOS, tablet',
    ))

  test('and Chrome on a Mac whose screen was turned stays a computer', () =>
    expect(said(onMac('Chrome/150.0.0.0 Safari/537.36'), {}, '1080x1920')).toBe('Chrome 150, macOS, desktop'))
})

describe('what no reader knows is not guessed', () => {
  test.each(['', 'x', '\u{1f600}'.repeat(400), 'Mozilla/5.0 '.repeat(2_000), '('.repeat(5_000)])('%#', (agent) => {
    const { browser, os, device } = read(agent)
    expect({ browser, os, device }).toEqual({ browser: null, os: null, device: 'desktop' })
  })
})

describe('a screen becomes a class, and its size is not kept', () => {
  test.each<[size: string, screen: string | null]>([
    ['320x568', 'phone-small'],
    ['240x320', 'phone-small'],
    ['360x800', 'phone'],
    ['413x900', 'phone'],
    ['414x896', 'phone-large'],
    ['844x390', 'phone'],
    ['599x960', 'phone-large'],
    ['600x1024', 'tablet'],
    ['768x1024', 'tablet'],
    ['1199x800', 'tablet'],
    ['1200x800', 'laptop'],
    ['1366x768', 'laptop'],
    ['1440x900', 'laptop'],
    ['1680x1050', 'desktop'],
    ['1920x1080', 'desktop'],
    ['2560x1440', 'desktop-wide'],
    ['3440x1440', 'desktop-wide'],
    ['99999x99999', 'desktop-wide'],
    ['0x0', null],
    ['1440x0', null],
  ])('%s is %s', (screen, expected) => expect(read(firefox, {}, { screen }).screen).toBe(expected))
})

describe('a language is cut down to language and region', () => {
  test.each<[told: string, language: string | null]>([
    ['fr', 'fr'],
    ['FR', 'fr'],
    ['fr-cm', 'fr-CM'],
    ['fr_CM', 'fr-CM'],
    ['en-US', 'en-US'],
    ['zh-Hans-CN', 'zh-CN'],
    ['zh-hant', 'zh'],
    ['es-419', 'es-419'],
    ['swc', 'swc'],
    ['de-DE-1996-u-co-phonebk', 'de-DE'],
    ['en-US@posix', null],
    ['und', null],
    ['', null],
    ['*', null],
    ['français', null],
  ])('%s is %s', (language, expected) => expect(read(firefox, {}, { language }).language).toBe(expected))
})
