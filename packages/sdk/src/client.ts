import type { Balise, ErasureReceipt, Options } from './api.ts'
import { calm } from './calm.ts'
import { allows, createConsent, opt_out } from './consent.ts'
import { endpointOf } from './endpoint.ts'
import type { Draft } from './event.ts'
import { user_chars_max } from './limits.ts'
import { createOutbox } from './outbox.ts'
import { createPage, type Noticing } from './page.ts'
import { createReport } from './report.ts'
import { send } from './send.ts'
import { createSession } from './session.ts'
import { createStore } from './store.ts'
import { createStreet } from './street.ts'
import { visitorOf } from './visitor.ts'
import { watch } from './watch.ts'
import type { World } from './world.ts'

/** {@link Options}, with what they leave open decided. */
export type ClientOptions = Omit<Options, 'capture'> & { capture: readonly Noticing[] }

/** Opens the tracker of a page: joins consent, identity and street behind the public door. */
export const createClient = (options: ClientOptions, world: World): Balise => {
  const { site, endpoint, capture, consent: usual = 'anonymous', debug } = options
  const { window } = world
  const report = createReport(debug)
  const page = createPage(window, endpoint, report)
  const storeWhile = (may: () => boolean) => createStore({ site, storage: () => window.localStorage, may, report })

  /** What is done whatever the level: an opt-out is remembered, and what may not stay is found and removed. */
  const disk = storeWhile(() => true)
  const kept = storeWhile(() => allows(consent.level(), 'analytics'))
  const session = createSession(kept, world.id)
  let user: string | undefined

  const consent = createConsent({
    usual,
    window,
    store: disk,
    report,
    onDecision(level, lowers) {
      if (level === 'none') street.clear()
      if (allows(level, 'analytics')) street.adopt()
      else if (lowers) erase()
      street.flush()
    },
  })

  const street = createStreet({
    site,
    page,
    world,
    level: consent.level,
    sessionAt: session.at,
    who: () => ({ visitor: visitorOf(kept, world), user: consent.level() === 'marketing' ? user : undefined }),
    outbox: createOutbox(kept, report),
  })

  const erase = (): void => {
    session.end()
    for (const name of disk.names()) if (name !== opt_out) disk.remove(name)
  }

  const tracked = <Args extends unknown[]>(draftOf: (...args: Args) => Draft) =>
    calm((...args: Args) => street.tell(draftOf(...args)), report)

  const forget = async (): Promise<ErasureReceipt | null> => {
    const secret = disk.read('visitor')
    const [visitor] = secret.split(' ')
    user = undefined
    consent.set('none')
    if (!visitor) return null
    const { verdict, why } = await send(
      window,
      `${page.endpoint}/v1/privacy/erasures`,
      JSON.stringify({ site, visitor }),
    )
    report(verdict, why)
    if (verdict === 'sent') return why as ErasureReceipt
    disk.write('visitor', secret)
    return null
  }

  watch(capture, street, page)
  return {
    trackPageView: tracked((view = {}) => page.viewOf({ title: window.document.title, ...view })),
    trackApiCall: tracked((call) => ({
      ...call,
      kind: 'api_call',
      endpoint: endpointOf(call.endpoint, window.location.href),
    })),
    trackContact: tracked((contact) => ({ ...contact, kind: 'contact' })),
    track: tracked((name, props, options) => ({ ...options, kind: 'custom', name, props })),
    identify: calm((id) => {
      if (id.length > user_chars_max) report('refused', 'user too long')
      else user = id
    }, report),
    consent: { set: calm(consent.set, report), get: consent.get, connect: calm(consent.connect, report) },
    optOut: calm(consent.optOut, report),
    forget,
    flush: street.flush,
    stop() {
      street.flush()
      page.stop()
    },
  }
}
