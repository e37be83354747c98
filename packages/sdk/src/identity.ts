import type { ConsentLevel } from '@balise/shared/wire/consent'
import { allows } from './consent.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createSession, type Session } from './session.ts'
import { createStore, type Store } from './store.ts'
import { visitorOf } from './visitor.ts'

/** Who the visitor is to this browser, as far as the level lets anything be known. */
export type Identity = {
  /** What is done whatever the level: an opt-out is remembered, and what may not stay is found and removed. */
  disk: Store
  sessionAt: Session
  visitorNow: () => string | undefined
  outbox: Outbox
  /** Forgets everything but an opt-out; whatever comes next belongs to another session. */
  erase: () => void
}

/** Keeps the identity of one site's visitor: in storage while `level` is at least `analytics`, else in memory. */
export const createIdentity = (
  site: string,
  level: () => ConsentLevel | undefined,
  id: (at_ms: number) => string,
): Identity => {
  const disk = createStore(site, () => true)
  const may = () => allows(level(), 'analytics')
  const kept = createStore(site, may)
  const outbox = createOutbox(site, may)
  let sessionAt = createSession(kept, id)
  return {
    disk,
    sessionAt: (at_ms) => sessionAt(at_ms),
    visitorNow: () => visitorOf(kept, Date.now()),
    outbox,
    erase() {
      sessionAt = createSession(kept, id)
      outbox.erase()
      for (const name of ['visitor', 'session']) disk.discard(name)
    },
  }
}
