import type { Balise, ErasureReceipt, Options } from './api.ts'
import { calm } from './calm.ts'
import { createConsent } from './consent.ts'
import { createDisk } from './disk.ts'
import { createIdentity, person } from './identity.ts'
import { user_chars_max } from './limits.ts'
import { createOutbox } from './outbox.ts'
import { send } from './send.ts'
import { createStreet, type Noticing, type Tell } from './street.ts'
import { verbsOf } from './verbs.ts'
import { watch } from './watch.ts'

/** {@link Options}, with what they leave open decided. */
export type ClientOptions = Omit<Options, 'capture'> & { capture: readonly Noticing[] }

/** Opens the tracker of this page: joins consent, identity and street behind the public door. */
export const createClient = (options: ClientOptions): Balise => {
  const { site, endpoint, capture, consent: usual = 'anonymous' } = options
  let user = ''
  let isStopped = false
  const mayKeep = () => Number(rank()) > 1

  const disk = createDisk(site)
  const identity = createIdentity(disk, mayKeep)
  const outbox = createOutbox(site)
  const street = createStreet({
    to: options,
    rank: () => rank(),
    sessionAt: identity.sessionAt,
    whoNow: () => ({ visitor: identity.secret() || undefined, user: (rank() === 3 && user) || undefined }),
    keep: (waiting) => mayKeep() && outbox.keep(waiting),
  })
  const tell: Tell = (draft) => isStopped || street.tell(draft)

  const begin = (): void => {
    if (mayKeep()) {
      identity.sessionAt(Date.now())
      // The level may be lowered before it is read.
      outbox.load((entry) => mayKeep() && street.hold(entry))
    }
  }

  const { rank, optOut, ...consent } = createConsent(usual, disk, (before = 0, isNew) => {
    if (!rank()) street.clear()
    if (before < 2) begin()
    if (!mayKeep() && (before > 1 || isNew)) {
      identity.erase()
      outbox.erase()
    }
    street.flush()
  })

  begin()
  watch(capture, tell, street)
  return tame({
    ...verbsOf(tell),
    notice: (capture) => watch([capture as Noticing], tell, street),
    identify(name) {
      user = name.length > user_chars_max ? '' : name
    },
    consent,
    optOut,
    async forget() {
      const kept = disk.read(person)
      const [visitor] = kept.split(' ')
      user = ''
      consent.set('none')
      if (!visitor) return null
      const [verdict, answer] = await send(`${endpoint}/v1/privacy/erasures`, JSON.stringify({ site, visitor }))
      if (verdict === 'sent') return answer as ErasureReceipt
      // So that it can be asked again.
      disk.write(person, kept)
      return null
    },
    flush: street.flush,
    stop() {
      street.flush()
      isStopped = true
    },
  })
}

/** A door of which nothing throws into the page. */
const tame = <Door extends object>(door: Door): Door =>
  Object.fromEntries(
    Object.entries(door).map(([name, way]) => [name, typeof way === 'function' ? calm(way) : tame(way)]),
  ) as Door
