import type { Balise, ConsentLevel, ErasureReceipt, Options } from './api.ts'
import { calm } from './calm.ts'
import { allows, createConsent } from './consent.ts'
import { endpointOf } from './endpoint.ts'
import type { Draft } from './event.ts'
import { user_chars_max } from './limits.ts'
import { createOutbox } from './outbox.ts'
import { propsOf } from './props.ts'
import { send } from './send.ts'
import { createSession } from './session.ts'
import { createStore } from './store.ts'
import { createStreet, type Noticing } from './street.ts'
import { uuidv7 } from './uuid.ts'
import { secretIn, visitorOf } from './visitor.ts'
import { watch } from './watch.ts'

/** {@link Options}, with what they leave open decided; tests bring ids of their own. */
export type ClientOptions = Omit<Options, 'capture'> & { capture: readonly Noticing[]; id?: (at_ms: number) => string }

/** Opens the tracker of this page: joins consent, identity and street behind the public door. */
export const createClient = (options: ClientOptions): Balise => {
  const { site, endpoint, capture, consent: usual = 'anonymous', id = uuidv7 } = options
  /** What is done whatever the level: an opt-out is remembered, and what may not stay is found and removed. */
  const disk = createStore(site, () => true)
  const kept = createStore(site, () => allows(consent.level(), 'analytics'))
  let session = createSession(kept, id)
  let user: string | undefined

  const settle = (level: ConsentLevel | undefined, revises: boolean): void => {
    if (level === 'none') street.clear()
    if (allows(level, 'analytics')) street.adopt()
    else if (revises) {
      session = createSession(kept, id)
      for (const name of ['visitor', 'session', ...disk.names('event:')]) disk.discard(name)
    }
    street.flush()
  }
  const consent = createConsent(usual, disk, settle)

  const street = createStreet({
    to: options,
    id,
    level: consent.level,
    sessionAt: (at_ms) => session(at_ms),
    whoNow: () => ({ visitor: visitorOf(kept, Date.now()), user: consent.level() === 'marketing' ? user : undefined }),
    outbox: createOutbox(kept),
  })

  const forget = async (): Promise<ErasureReceipt | null> => {
    const visitor = secretIn(disk, Date.now())
    const stored = disk.textOf('visitor')
    user = undefined
    consent.set('none')
    if (!visitor) return null
    const [verdict, why] = await send(`${endpoint}/v1/privacy/erasures`, JSON.stringify({ site, visitor }))
    if (verdict === 'sent') return why as ErasureReceipt
    disk.keep('visitor', stored)
    return null
  }

  const tracked = <Args extends unknown[]>(draftOf: (...args: Args) => Draft) =>
    calm((...args: Args) => {
      const draft = draftOf(...args)
      street.tell({ ...draft, props: propsOf(draft.props) })
    })

  if (allows(consent.level(), 'analytics')) street.adopt()
  watch(street, capture)
  return {
    trackPageView: tracked((view) => ({ title: document.title, ...view, kind: 'page_view' })),
    trackApiCall: tracked((call) => ({
      ...call,
      kind: 'api_call',
      endpoint: endpointOf(call.endpoint),
      duration_ms: Math.round(call.duration_ms),
    })),
    trackContact: tracked((contact) => ({ ...contact, kind: 'contact' })),
    track: tracked((name, props, options) => ({ ...options, kind: 'custom', name, props })),
    identify: calm((id) => {
      user = id.length > user_chars_max ? undefined : id
    }),
    consent: { set: calm(consent.set), get: consent.get, connect: calm(consent.connect) },
    optOut: calm(consent.optOut),
    forget,
    flush: street.flush,
    stop: street.stop,
  }
}
