/**
 * Consent platforms as their documentation tells them, each a function that runs in a page. Nothing of a platform is
 * there before `load`; `load(answer)` is the visit of someone who answered on an earlier page.
 */

/** What a person may answer: nothing, to be measured, everything. */
export type Answer = 'nothing' | 'measuring' | 'everything'

/** A platform on a page. */
export type Platform = {
  load: (known?: Answer) => void
  answer: (answer: Answer) => void
}

/** The page's own world, as far as a platform's test looks into it. */
export type Page = Window & typeof globalThis & { platform: Platform; [name: string]: unknown }

/** Each platform, by the name of its source. */
export const platforms: { [source: string]: () => Platform } = {
  // CMP API 2.2: a listener is called at once, and on every change; `cmpuishown` carries no consent.
  tcf() {
    const allowed = { nothing: [], measuring: [1, 7, 8, 9, 10], everything: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }
    const listeners: ((data: unknown, success: boolean) => void)[] = []
    const dataOf = (eventStatus: string, answer: Answer) => {
      const consents = Object.fromEntries(allowed[answer].map((id) => [id, true]))
      return { gdprApplies: true, eventStatus, cmpStatus: 'loaded', purpose: { consents }, vendor: { consents: {} } }
    }
    let data: unknown
    return {
      load(known) {
        data = dataOf(known ? 'tcloaded' : 'cmpuishown', known ?? 'nothing')
        Object.assign(window, {
          __tcfapi(command: string, _: number, callback: (data: unknown, success: boolean) => void) {
            if (command !== 'addEventListener') return
            listeners.push(callback)
            callback(data, true)
          },
        })
      },
      answer(answer) {
        data = dataOf('useractioncomplete', answer)
        for (const tell of listeners) tell(data, true)
      },
    }
  },

  // GPP CMP API 1.1: `signalStatus` goes to `not ready` before sections change, and back when they have.
  gpp() {
    const allowed = { nothing: [], measuring: [1, 7, 8, 9, 10], everything: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }
    const listeners: ((event: unknown, success: boolean) => void)[] = []
    const pingData: { [name: string]: unknown } = {
      gppVersion: '1.1',
      cmpStatus: 'loaded',
      signalStatus: 'not ready',
      applicableSections: [2],
      parsedSections: {},
    }
    const tell = (eventName: string, data: unknown) => {
      for (const listener of listeners) listener({ eventName, data, pingData }, true)
    }
    const decide = (answer: Answer) => {
      const ids: number[] = allowed[answer]
      const PurposeConsents = Array.from({ length: 24 }, (_, nth) => ids.includes(nth + 1))
      pingData['parsedSections'] = { tcfeuv2: { Version: 2, PurposeConsents, VendorConsents: [] } }
    }
    return {
      load(known) {
        if (known) {
          decide(known)
          pingData['signalStatus'] = 'ready'
        }
        Object.assign(window, {
          __gpp(command: string, callback: (event: unknown, success: boolean) => void) {
            if (command !== 'addEventListener') return
            listeners.push(callback)
            callback({ eventName: 'listenerRegistered', listenerId: 1, data: true, pingData }, true)
          },
        })
      },
      answer(answer) {
        pingData['signalStatus'] = 'not ready'
        tell('signalStatus', 'not ready')
        decide(answer)
        tell('sectionChange', 'tcfeuv2')
        pingData['signalStatus'] = 'ready'
        tell('signalStatus', 'ready')
      },
    }
  },

  // What a page pushes is the `arguments` of `gtag`; Google's tag may never come.
  'google-consent-mode'() {
    const page = window as unknown as { dataLayer?: unknown[] }
    function gtag(..._: unknown[]) {
      // biome-ignore lint/complexity/noArguments: that is what a page pushes, and an array would mean something else.
      page.dataLayer?.push(arguments)
    }
    const answer = (answer: Answer) => {
      const ads = answer === 'everything' ? 'granted' : 'denied'
      gtag('consent', 'update', {
        ad_storage: ads,
        ad_user_data: ads,
        ad_personalization: ads,
        analytics_storage: answer === 'nothing' ? 'denied' : 'granted',
      })
    }
    return {
      load(known) {
        page.dataLayer = page.dataLayer || []
        gtag('consent', 'default', {
          ad_storage: 'denied',
          ad_user_data: 'denied',
          ad_personalization: 'denied',
          analytics_storage: 'denied',
          wait_for_update: 500,
        })
        gtag('js', new Date())
        if (known) answer(known)
      },
      answer,
    }
  },

  // `OneTrustGroupsUpdated` comes on each page and on each change; without an answer the region's groups are active.
  onetrust() {
    const groups = {
      nothing: ['C0001'],
      measuring: ['C0001', 'C0002'],
      everything: ['C0001', 'C0002', 'C0003', 'C0004'],
    }
    let isClosed = false
    const tell = (active: string[]) => {
      Object.assign(window, { OnetrustActiveGroups: `,${active.join(',')},` })
      dispatchEvent(new CustomEvent('OneTrustGroupsUpdated', { detail: active }))
    }
    return {
      load(known) {
        isClosed = Boolean(known)
        Object.assign(window, { OneTrust: { IsAlertBoxClosed: () => isClosed } })
        tell(known ? groups[known] : groups.everything)
      },
      answer(answer) {
        isClosed = true
        tell(groups[answer])
        dispatchEvent(new CustomEvent('OTConsentApplied'))
      },
    }
  },

  // Two arrays are drained when the SDK is ready, and call at once from then on.
  didomi() {
    const measuring = ['cookies', 'measure_content_performance']
    const allowed = {
      nothing: [] as string[],
      measuring,
      everything: [...measuring, 'create_ads_profile', 'select_personalized_ads'],
    }
    let answered: Answer | undefined
    const Didomi = {
      shouldUserStatusBeCollected: () => !answered,
      getCurrentUserStatus: () => ({
        regulation: 'gdpr',
        purposes: Object.fromEntries(
          allowed.everything.map((id) => [id, { id, enabled: allowed[answered ?? 'nothing'].includes(id) }]),
        ),
      }),
    }
    const listeners: { event: string; listener: () => void }[] = []
    const page = window as unknown as { [name: string]: { push: (item: never) => void } | unknown[] }
    const drain = (name: string, take: (item: never) => void) => {
      for (const item of (page[name] as never[] | undefined) ?? []) take(item)
      page[name] = { push: take }
    }
    return {
      load(known) {
        answered = known
        Object.assign(window, { Didomi })
        drain('didomiEventListeners', (item) => listeners.push(item))
        drain('didomiOnReady', (ready: (didomi: unknown) => void) => ready(Didomi))
      },
      answer(answer) {
        answered = answer
        for (const { event, listener } of listeners) if (event === 'consent.changed') listener()
      },
    }
  },

  // The events come on each page of who has answered, and again when they answer otherwise.
  cookiebot() {
    const Cookiebot = {
      consent: { necessary: true, preferences: false, statistics: false, marketing: false },
      hasResponse: false,
    }
    const answer = (answer: Answer) => {
      Cookiebot.hasResponse = true
      Cookiebot.consent.statistics = answer !== 'nothing'
      Cookiebot.consent.marketing = answer === 'everything'
      dispatchEvent(new Event('CookiebotOnConsentReady'))
      dispatchEvent(new Event(answer === 'nothing' ? 'CookiebotOnDecline' : 'CookiebotOnAccept'))
    }
    return {
      load(known) {
        Object.assign(window, { Cookiebot })
        if (known) answer(known)
      },
      answer,
    }
  },

  // `_axcb` is drained when the SDK is ready; `cookies:complete` comes when the choices are known.
  axeptio() {
    type Choices = { [vendor: string]: boolean }
    const listeners: ((choices: Choices) => void)[] = []
    const userPreferencesManager: { choices: Choices } = { choices: { $$completed: false } }
    const sdk = {
      userPreferencesManager,
      on(event: string, listener: (choices: Choices) => void) {
        if (event === 'cookies:complete') listeners.push(listener)
      },
    }
    const page = window as unknown as {
      _axcb?: ((sdk: unknown) => void)[] | { push: (act: (sdk: unknown) => void) => void }
    }
    const answer = (answer: Answer) => {
      const choices = { balise: answer !== 'nothing', balise_marketing: answer === 'everything' }
      userPreferencesManager.choices = { $$completed: true, ...choices }
      for (const tell of listeners) tell(choices)
    }
    return {
      load(known) {
        for (const act of (page._axcb as ((sdk: unknown) => void)[] | undefined) ?? []) act(sdk)
        page._axcb = { push: (act: (sdk: unknown) => void) => act(sdk) }
        if (known) answer(known)
      },
      answer,
    }
  },

  // tarteaucitron 1.34: the state of a service is unset while it waits; who answered earlier is told by `_added` alone.
  tarteaucitron() {
    const tarteaucitron: { state: { [service: string]: boolean } } = { state: {} }
    const statesOf = (answer: Answer) => ({ balise: answer !== 'nothing', balise_marketing: answer === 'everything' })
    return {
      load(known) {
        Object.assign(window, { tarteaucitron })
        for (const service of ['balise', 'balise_marketing'] as const) {
          if (known) tarteaucitron.state[service] = statesOf(known)[service]
          else document.dispatchEvent(new Event('tac.consent_updated'))
          document.dispatchEvent(new Event(`${service}_added`))
        }
      },
      answer(answer) {
        for (const [service, state] of Object.entries(statesOf(answer))) {
          tarteaucitron.state[service] = state
          document.dispatchEvent(new Event('tac.consent_updated'))
        }
      },
    }
  },

  // Klaro 0.7: each switch tells `consents`, and only saving them is an answer.
  klaro() {
    type Watcher = { update: (manager: unknown, event: string, data: unknown) => void }
    const watchers = new Set<Watcher>()
    const manager = {
      confirmed: false,
      consents: { balise: false, balise_marketing: false } as { [service: string]: boolean },
      watch: (watcher: Watcher) => void watchers.add(watcher),
    }
    const notify = (event: string) => {
      for (const watcher of watchers) watcher.update(manager, event, manager.consents)
    }
    const toggle = (answer: Answer) => {
      for (const [service, is] of [
        ['balise', answer !== 'nothing'],
        ['balise_marketing', answer === 'everything'],
      ] as const) {
        manager.consents[service] = is
        notify('consents')
      }
    }
    return {
      load(known) {
        if (known) toggle(known)
        manager.confirmed = Boolean(known)
        Object.assign(window, { klaro: { defaultConfig: { services: [] }, getManager: () => manager } })
      },
      answer(answer) {
        toggle(answer)
        manager.confirmed = true
        notify('saveConsents')
      },
    }
  },
}
