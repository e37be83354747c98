import { isWithin } from './is-within.ts'
import type { Store } from './store.ts'

/** The visit as this browser sees it. */
export type Session = {
  /** The id of the session that `at_ms` belongs to. */
  at: (at_ms: number) => string
  /** Whatever comes next belongs to another session. */
  end: () => void
}

const gap_ms_max = 30 * 60_000

/**
 * Keeps a session: a UUIDv7, renewed after 30 minutes without an event, shared with other tabs where `store` may keep
 * it, in memory otherwise.
 */
export const createSession = (store: Store, id: (at_ms: number) => string): Session => {
  let memory = ''
  return {
    at(at_ms) {
      const [known, last] = (store.read('session') || memory).split(' ')
      const session = known && isWithin(gap_ms_max, Number(last), at_ms) ? known : id(at_ms)
      memory = `${session} ${at_ms}`
      store.write('session', memory)
      return session
    },
    end() {
      memory = ''
    },
  }
}
