import type { Balise, Options } from './api.ts'
import { calm } from './calm.ts'
import { allows, createConsent } from './consent.ts'
import { forget } from './forget.ts'
import { createIdentity } from './identity.ts'
import { user_chars_max } from './limits.ts'
import { createStreet, type Noticing, type Tell } from './street.ts'
import { uuidv7 } from './uuid.ts'
import { verbsOf } from './verbs.ts'
import { watch } from './watch.ts'

/** {@link Options}, with what they leave open decided; tests bring ids of their own. */
export type ClientOptions = Omit<Options, 'capture'> & { capture: readonly Noticing[]; id?: (at_ms: number) => string }

/** Opens the tracker of this page: joins consent, identity and street behind the public door. */
export const createClient = (options: ClientOptions): Balise => {
  const { site, capture, consent: usual = 'anonymous', id = uuidv7 } = options
  const level = () => consent.level()
  const { disk, sessionAt, visitorNow, outbox, erase } = createIdentity(site, level, id)
  let user: string | undefined
  let isStopped = false

  const street = createStreet({
    to: options,
    level,
    id,
    sessionAt,
    whoNow: () => ({ visitor: visitorNow(), user: level() === 'marketing' ? user : undefined }),
    outbox,
  })
  const tell: Tell = (draft) => isStopped || street.tell(draft)

  const consent = createConsent(usual, disk, (before, isNew) => {
    const wasKept = allows(before, 'analytics')
    const isKept = allows(level(), 'analytics')
    if (level() === 'none') street.clear()
    if (isKept && !wasKept) outbox.load(street.hold)
    if (!isKept && (wasKept || isNew)) erase()
    street.flush()
  })

  if (allows(level(), 'analytics')) outbox.load(street.hold)
  watch(capture, tell, street)
  return {
    ...verbsOf(tell),
    notice: calm((capture) => watch([capture as Noticing], tell, street)),
    identify: calm((name) => {
      user = name.length > user_chars_max ? undefined : name
    }),
    consent: { set: consent.set, get: consent.get, connect: consent.connect },
    optOut: consent.optOut,
    forget: () =>
      forget(options, disk, () => {
        user = undefined
        consent.set('none')
      }),
    flush: street.flush,
    stop() {
      street.flush()
      isStopped = true
    },
  }
}
