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
  const mayKeep = () => (rank() as number) > 1

  const disk = createDisk(site)
  const identity = createIdentity(disk)
  const outbox = createOutbox(site)
  const begin = (): void => {
    if (mayKeep()) {
      identity.sessionNow()
      // The level may be lowered before it is read.
      outbox.adopt((entry) => mayKeep() && street.hold(entry))
    }
  }
  const street = createStreet({
    to: options,
    rank: () => rank(),
    begin,
    sessionNow: identity.sessionNow,
    whoNow: (session) =>
      mayKeep() && { session, visitor: identity.secret() || undefined, user: (rank() === 3 && user) || undefined },
    keep: (waiting) => mayKeep() && outbox.keep(waiting),
  })
  const tell: Tell = (draft) => isStopped || street.tell(draft)

  const { rank, optOut, ...consent } = createConsent(usual, disk, (change, isNew) => {
    const mightKeep = mayKeep()
    // By what was allowed until now.
    street.make()
    change()
    if (!rank()) street.drop()
    if (!mightKeep) begin()
    if (!mayKeep() && (mightKeep || isNew)) {
      identity.erase()
      outbox.erase()
    }
    // What the same task says of the visitor goes along.
    queueMicrotask(street.flush)
  })

  watch(capture, tell, street)
  return {
    ...tame<Omit<Balise, 'consent'>>({
      ...verbsOf(tell),
      notice: (capture) => watch([capture as Noticing], tell, street),
      identify(name) {
        // A number, or nobody, is no type error to JavaScript.
        name = `${name ?? ''}`
        user = name.length > user_chars_max ? '' : name
      },
      optOut,
      async forget() {
        const kept = disk.kept(person)
        const [visitor] = kept.split(' ')
        user = ''
        consent.set('none')
        if (!visitor) return null
        const [verdict, answer] = await send(`${endpoint}/v1/privacy/erasures`, JSON.stringify({ site, visitor }))
        if (verdict === 'sent') return answer as ErasureReceipt
        // So that it can be asked again.
        disk.keep(person, kept)
        return null
      },
      flush: street.flush,
      stop() {
        street.flush()
        isStopped = true
      },
    }),
    consent: tame(consent),
  }
}

/** Ways in of which none throws into the page. */
const tame = <Ways extends object>(ways: Ways): Ways =>
  Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, calm(way)])) as Ways
