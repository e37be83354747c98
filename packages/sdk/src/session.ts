import { aliveIn } from './alive-in.ts'
import type { Store } from './store.ts'

const gap_ms_max = 30 * 60_000

/** Gives the session that a moment belongs to. */
export type Session = (at_ms: number) => string

/**
 * Keeps a session: a UUIDv7, renewed after 30 minutes without an event, shared with other tabs where `store` may keep
 * it, in memory otherwise.
 */
export const createSession = (store: Store, id: (at_ms: number) => string): Session => {
  let memory = ''
  return (at_ms) => {
    const session = aliveIn(store.textOf('session') || memory, at_ms, gap_ms_max) || id(at_ms)
    memory = `${session} ${at_ms}`
    store.keep('session', memory)
    return session
  }
}
