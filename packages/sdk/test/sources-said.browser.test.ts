import type { Browser, Page as Tab } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium, say } from './chromium.ts'
import { openSite, pageOf, type Site } from './site.ts'

let browser: Browser
let site: Site
let tab: Tab
beforeAll(async () => {
  browser = await openChromium()
  tab = await browser.newPage()
})
afterAll(() => browser.close())
beforeEach(async () => {
  site = await openSite()
})
afterEach(() => site.close())

/** What a platform says `before` Balise comes, and `later`. */
type Said = { when: string; before?: string; later?: string; attributes?: string; is: string }

/** Opens a page that follows `source`, and gives the level in the end; whatever was thrown instead. */
const levelAfter = async (source: string, { before = '', later = '', attributes = '' }: Said): Promise<unknown> => {
  const errors: string[] = []
  tab.on('pageerror', (error) => errors.push(error.message))
  site.html = `<script>${before}</script>${pageOf(`data-with="${source}" ${attributes}`)}`
  // The load event waits for what `data-with` brings.
  await tab.goto(site.url)
  await tab.evaluate(later)
  return errors[0] ?? say(tab, (balise) => balise.consent.get())
}

const holds = (source: string, rows: readonly Said[]) =>
  test.each(rows)('$when: $is', async (said) => expect(await levelAfter(source, said)).toBe(said.is))

describe('TCF', () => {
  const cmp = `
    const listeners = []
    const tell = (data, success = true) => listeners.forEach((listener) => listener(data, success))
    const all = (...ids) => Object.fromEntries(ids.map((id) => [id, true]))
    const told = (eventStatus, consents, more) => ({ gdprApplies: true, eventStatus, purpose: { consents, legitimateInterests: {} }, vendor: { consents: {} }, ...more })
    var __tcfapi = (command, version, listener) => { listeners.push(listener); listener(first, true) };
    const everything = all(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    let first = told('cmpuishown', {});`
  const firstly = (data: string) => `${cmp} first = ${data}`
  holds('tcf', [
    { when: 'a banner stands, whatever is ticked', before: firstly(`told('cmpuishown', everything)`), is: 'anonymous' },
    {
      when: 'the GDPR does not apply',
      before: firstly(`told('tcloaded', {}, { gdprApplies: false })`),
      is: 'anonymous',
    },
    { when: 'only that the GDPR does not apply is told', before: firstly('{ gdprApplies: false }'), is: 'anonymous' },
    { when: 'the platform fails', before: cmp, later: 'tell(null, false)', is: 'anonymous' },
    {
      when: 'nothing but legitimate interest is claimed',
      before: firstly(`told('tcloaded', {}, { purpose: { consents: {}, legitimateInterests: everything } })`),
      is: 'none',
    },
    {
      when: 'nothing may be stored on the device',
      before: firstly(`told('tcloaded', { ...everything, 1: false })`),
      is: 'none',
    },
    {
      when: 'one purpose of advertising is refused',
      before: firstly(`told('tcloaded', { ...everything, 3: false })`),
      is: 'analytics',
    },
    {
      when: 'the site needs fewer purposes',
      before: firstly(`told('tcloaded', all(1, 8))`),
      attributes: 'data-analytics="1 8"',
      is: 'analytics',
    },
    {
      when: 'the vendor is refused',
      before: firstly(`told('tcloaded', everything)`),
      attributes: 'data-vendor="755"',
      is: 'none',
    },
    {
      when: 'the vendor is allowed',
      before: firstly(`told('tcloaded', everything, { vendor: { consents: { 755: true } } })`),
      attributes: 'data-vendor="755"',
      is: 'marketing',
    },
    {
      when: 'the banner is opened again, and nothing is answered yet',
      before: firstly(`told('tcloaded', everything)`),
      later: `tell(told('cmpuishown', {}))`,
      is: 'marketing',
    },
    {
      when: 'the banner is opened again, and all is refused',
      before: firstly(`told('tcloaded', everything)`),
      later: `tell(told('cmpuishown', {})); tell(told('useractioncomplete', {}))`,
      is: 'none',
    },
    {
      when: 'a stub keeps the call until the platform comes',
      before: `${cmp} const queue = []; __tcfapi = (...call) => { queue.push(call) }`,
      later: `queue.forEach(([, , listener]) => listener(told('tcloaded', everything), true))`,
      is: 'marketing',
    },
  ])
})

describe('GPP', () => {
  const cmp = (sections: string, signalStatus = 'ready') => `
    let listener
    const ping = (signalStatus, parsedSections) => ({ gppVersion: '1.1', cmpStatus: 'loaded', signalStatus, parsedSections })
    var __gpp = (command, callback) => { listener = callback; callback({ eventName: 'listenerRegistered', data: true, pingData: ping('${signalStatus}', ${sections}) }, true) }
    const tell = (signalStatus, sections) => listener({ eventName: 'signalStatus', data: signalStatus, pingData: ping(signalStatus, sections) }, true)`
  const usnat = (sale: number, sharing: number, targeted: number, gpc = false) =>
    `{ Version: 1, SaleOptOutNotice: 1, SharingOptOutNotice: 1, TargetedAdvertisingOptOutNotice: 1, SensitiveDataProcessingOptOutNotice: 1, SaleOptOut: ${sale}, SharingOptOut: ${sharing}, TargetedAdvertisingOptOut: ${targeted}, MspaOptOutOptionMode: 1, GpcSegmentType: 1, Gpc: ${gpc} }`
  const eu = (field: string, ...allowed: number[]) =>
    `{ tcfeuv2: { Version: 2, ${field}: Array.from({ length: 24 }, (_, nth) => [${allowed}].includes(nth + 1)), PurposeLegitimateInterests: Array(24).fill(true) } }`
  holds('gpp', [
    {
      when: 'the platform is not ready',
      before: cmp(eu('PurposeConsents', 1, 7, 8, 9, 10), 'not ready'),
      is: 'anonymous',
    },
    { when: 'no section applies', before: cmp('{}'), is: 'anonymous' },
    { when: 'nobody opted out', before: cmp(`{ usnat: ${usnat(2, 2, 2)} }`), is: 'anonymous' },
    { when: 'nothing was asked', before: cmp(`{ usnat: ${usnat(0, 0, 0)} }`), is: 'anonymous' },
    {
      when: 'nobody opted out, where that is enough',
      before: cmp(`{ usnat: ${usnat(2, 2, 2)} }`),
      attributes: 'data-silent="marketing"',
      is: 'marketing',
    },
    {
      when: 'not ready, where silence is enough',
      before: cmp(`{ usnat: ${usnat(2, 2, 2)} }`, 'not ready'),
      attributes: 'data-silent="marketing"',
      is: 'anonymous',
    },
    {
      when: 'a sale is opted out of',
      before: cmp(`{ usnat: ${usnat(1, 2, 2)} }`),
      attributes: 'data-silent="marketing"',
      is: 'none',
    },
    { when: 'sharing is opted out of', before: cmp('{ usca: { SaleOptOut: 2, SharingOptOut: 1 } }'), is: 'none' },
    {
      when: 'targeted advertising is opted out of',
      before: cmp('{ usva: { SaleOptOut: 2, TargetedAdvertisingOptOut: 1 } }'),
      is: 'none',
    },
    {
      when: 'a sale is opted out of, where measuring goes on',
      before: cmp(`{ usnat: ${usnat(1, 2, 2)} }`),
      attributes: 'data-refused="analytics"',
      is: 'analytics',
    },
    {
      when: 'one section of two has the opt-out',
      before: cmp(`{ usca: { SaleOptOut: 1, SharingOptOut: 2 }, usnat: ${usnat(2, 2, 2)} }`),
      is: 'none',
    },
    {
      when: 'the platform saw Global Privacy Control',
      before: cmp(`{ usnat: ${usnat(2, 2, 2, true)} }`),
      attributes: 'data-silent="marketing"',
      is: 'none',
    },
    {
      when: 'sub-sections are listed',
      before: cmp('{ usca: [{ SaleOptOut: 2, SharingOptOut: 2 }, { GpcSegmentType: 1, Gpc: 1 }] }'),
      is: 'none',
    },
    { when: 'the EU section allows to measure', before: cmp(eu('PurposeConsents', 1, 7, 8, 9, 10)), is: 'analytics' },
    {
      when: 'the EU section allows all, by the name of the specification',
      before: cmp(eu('PurposeConsent', 1, 2, 3, 4, 7, 8, 9, 10)),
      is: 'marketing',
    },
    {
      when: 'the EU section forbids to store',
      before: cmp(eu('PurposeConsents', 2, 3, 4, 7, 8, 9, 10)),
      attributes: 'data-silent="marketing"',
      is: 'none',
    },
    {
      when: 'the EU section is short',
      before: cmp('{ tcfeuv2: { PurposeConsents: [true], PurposeLegitimateInterests: Array(24).fill(true) } }'),
      is: 'none',
    },
    {
      when: 'the EU allows and a state does not',
      before: cmp(`{ ...${eu('PurposeConsents', 1, 2, 3, 4, 7, 8, 9, 10)}, usnat: ${usnat(1, 2, 2)} }`),
      is: 'none',
    },
    {
      when: 'the preferences are opened again',
      before: cmp(eu('PurposeConsents', 1, 7, 8, 9, 10)),
      later: `tell('not ready', {})`,
      is: 'analytics',
    },
    {
      when: 'an opt-out is taken back',
      before: cmp(`{ usnat: ${usnat(1, 1, 1)} }`),
      later: `tell('ready', { usnat: ${usnat(2, 2, 2)} })`,
      attributes: 'data-silent="marketing"',
      is: 'marketing',
    },
  ])
})

describe('Google Consent Mode', () => {
  const gtag = 'window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) };'
  const ads = `ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted'`
  holds('google-consent-mode', [
    {
      when: 'a default grants all',
      before: `${gtag} gtag('consent', 'default', { ${ads}, analytics_storage: 'granted' })`,
      is: 'anonymous',
    },
    {
      when: 'a default denies all',
      before: `${gtag} gtag('consent', 'default', { analytics_storage: 'denied', wait_for_update: 500 })`,
      is: 'anonymous',
    },
    {
      when: 'an update denies',
      before: `${gtag} gtag('consent', 'update', { analytics_storage: 'denied' })`,
      is: 'none',
    },
    {
      when: 'an update grants a part',
      later: `${gtag} gtag('consent', 'update', { analytics_storage: 'granted' })`,
      is: 'analytics',
    },
    {
      when: 'an update grants ads of the first version only',
      later: `${gtag} gtag('consent', 'update', { ad_storage: 'granted', analytics_storage: 'granted' })`,
      is: 'analytics',
    },
    {
      when: 'an update grants ads, and the default the rest',
      before: `${gtag} gtag('consent', 'default', { analytics_storage: 'granted' })`,
      later: `gtag('consent', 'update', { ${ads} })`,
      is: 'marketing',
    },
    {
      when: 'the default for some region denies the rest',
      before: `${gtag} gtag('consent', 'default', { analytics_storage: 'denied', region: ['FR'] }); gtag('consent', 'default', { analytics_storage: 'granted' })`,
      later: `gtag('consent', 'update', { ${ads} })`,
      is: 'none',
    },
    {
      when: 'an update tells of security alone',
      before: `${gtag} gtag('consent', 'default', { ${ads}, analytics_storage: 'granted' })`,
      later: `gtag('consent', 'update', { security_storage: 'granted' })`,
      is: 'anonymous',
    },
    {
      when: 'the last update is the one that counts',
      before: `${gtag} gtag('consent', 'update', { ${ads}, analytics_storage: 'granted' })`,
      later: `gtag('consent', 'update', { analytics_storage: 'denied' })`,
      is: 'none',
    },
    {
      when: 'Google’s tag takes over the layer later',
      later: `${gtag} const push = dataLayer.push; dataLayer.push = (...all) => push.apply(dataLayer, all); gtag('consent', 'update', { analytics_storage: 'granted' })`,
      is: 'analytics',
    },
    {
      when: 'a page pushes what it likes',
      later: `${gtag} dataLayer.push(null, undefined, 'consent', 7, { event: 'x' }, ['consent']); gtag('consent', 'update')`,
      is: 'anonymous',
    },
  ])

  test('leaves the layer as it was, and its answer', async () => {
    const when = `dataLayer.push('a', 'b')`
    await levelAfter('google-consent-mode', { when, before: `window.dataLayer = ['first']`, is: '' })
    expect(await tab.evaluate('[dataLayer.push("a", "b"), [...dataLayer]]')).toEqual([3, ['first', 'a', 'b']])
  })
})

describe('OneTrust', () => {
  const groups = (...ids: string[]) => `window.OnetrustActiveGroups = ',${ids.join(',')},'`
  const closed = 'window.OneTrust = { IsAlertBoxClosed: () => true }'
  holds('onetrust', [
    {
      when: 'the region allows all, and the banner stands',
      before: `${groups('C0001', 'C0002', 'C0004')}; window.OneTrust = { IsAlertBoxClosed: () => false }`,
      is: 'anonymous',
    },
    {
      when: 'the platform is half there',
      before: `${groups('C0001', 'C0002')}; window.OneTrust = { geolocationResponse: {} }`,
      is: 'anonymous',
    },
    { when: 'a group’s name only begins like ours', before: `${groups('C0001', 'C00021')}; ${closed}`, is: 'none' },
    {
      when: 'the site’s groups have other names',
      before: `${groups('C0001', 'stats')}; ${closed}`,
      attributes: 'data-analytics="stats"',
      is: 'analytics',
    },
    { when: 'targeting alone is allowed', before: `${groups('C0001', 'C0004')}; ${closed}`, is: 'none' },
  ])
})

describe('Didomi', () => {
  const sdk = (regulation: string, purposes: string) =>
    `Didomi = { shouldUserStatusBeCollected: () => false, getCurrentUserStatus: () => ({ regulation: '${regulation}', purposes: ${purposes} }) }; didomiOnReady.forEach((ready) => ready(Didomi))`
  const enabled = '{ cookies: { enabled: true }, measure_content_performance: { enabled: true } }'
  holds('didomi', [
    { when: 'no regulation applies', later: sdk('none', enabled), is: 'anonymous' },
    { when: 'measuring is allowed', later: sdk('gdpr', enabled), is: 'analytics' },
    { when: 'the site knows no such purpose', later: sdk('gdpr', '{ cookies: { enabled: true } }'), is: 'none' },
    {
      when: 'the site has a purpose of its own',
      later: sdk('gdpr', '{ stats: { enabled: true } }'),
      attributes: 'data-analytics="stats"',
      is: 'analytics',
    },
  ])
})

describe('Cookiebot', () =>
  holds('cookiebot', [
    {
      when: 'all is implied and nothing answered',
      before: 'Cookiebot = { hasResponse: false, consent: { statistics: true, marketing: true } }',
      is: 'anonymous',
    },
  ]))

describe('Axeptio', () => {
  const ready = (choices: string) =>
    `window._axcb = { push: (act) => act({ userPreferencesManager: { choices: ${choices} }, on() {} }) }`
  holds('axeptio', [
    {
      when: 'all was answered before we came',
      before: ready('{ $$completed: true, balise: true, balise_marketing: true }'),
      is: 'marketing',
    },
    {
      when: 'boxes are ticked and nothing answered',
      before: ready('{ $$completed: false, balise: true }'),
      is: 'anonymous',
    },
    {
      when: 'the site did not name us',
      before: ready('{ $$completed: true, google_analytics: true }'),
      is: 'anonymous',
    },
    {
      when: 'the site named us otherwise',
      before: ready('{ $$completed: true, stats: true }'),
      attributes: 'data-analytics="stats"',
      is: 'analytics',
    },
  ])
})

describe('tarteaucitron', () => {
  const updated = `document.dispatchEvent(new Event('tac.consent_updated'))`
  holds('tarteaucitron', [
    { when: 'our service waits', later: `tarteaucitron = { state: { youtube: true } }; ${updated}`, is: 'anonymous' },
    {
      when: 'only measuring is a service',
      later: `tarteaucitron = { state: { balise: true } }; ${updated}`,
      is: 'analytics',
    },
  ])
})

describe('Klaro', () => {
  const klaro = (confirmed: boolean, consents: string) => `
    const watchers = []
    const notify = (event) => watchers.forEach((watcher) => watcher.update(manager, event))
    const manager = { confirmed: ${confirmed}, consents: ${consents}, watch: (watcher) => watchers.push(watcher) }
    klaro = { defaultConfig: {}, getManager: () => manager };`
  holds('klaro', [
    {
      when: 'switches are on by default',
      before: klaro(false, '{ balise: true, balise_marketing: true }'),
      is: 'anonymous',
    },
    {
      when: 'a switch is touched and not saved',
      before: klaro(true, '{ balise: true }'),
      later: `manager.consents.balise = false; notify('consents')`,
      is: 'analytics',
    },
    {
      when: 'a switch is touched and saved',
      before: klaro(true, '{ balise: true }'),
      later: `manager.consents.balise = false; notify('consents'); notify('saveConsents')`,
      is: 'none',
    },
    {
      when: 'all answers are reset',
      before: klaro(true, '{ balise: true }'),
      later: `manager.confirmed = false; notify('consents')`,
      is: 'anonymous',
    },
    {
      when: 'the configuration has not come yet',
      before: 'klaro = { getManager() { throw new TypeError() } }',
      is: 'anonymous',
    },
  ])
})
