import type { Disk } from './disk.ts'
import { random, uuidv7 } from './uuid.ts'

/** Who the visitor is to this browser, as far as the level lets anything be known. */
export type Identity = {
  /** The session that this moment belongs to, where one can be kept: a UUIDv7, renewed after 30 minutes without an event. */
  sessionNow: () => string | undefined
  /** The visitor's secret, or `''` where none can be kept: a new visitor on every page would be a lie. */
  secret: () => string | undefined
  /** Forgets both; whatever comes next belongs to another session. */
  erase: () => void
}

/** The shortest that 13 months can be. */
const age_ms_max = 395 * 86_400_000
const gap_ms_max = 30 * 60_000

/** Under this name lies `"secret since session last"`: since when there is the secret, and when the session was last seen. */
export const person = 'person'

/**
 * Keeps the identity of a visitor on `disk`, and nowhere else: what another tab forgets is forgotten here too.
 * The secret is renewed 13 months after it was first seen, however often it was seen since.
 */
export const createIdentity = (disk: Disk): Identity => {
  const known = () => disk.kept(person).split(' ')
  return {
    sessionNow() {
      const at_ms = Date.now()
      // Either of two moments may come first: a device's clock may have been set back.
      const isAlive = (moment: unknown, ms_max: number) => Math.abs(at_ms - (moment as number)) < ms_max
      let [secret = '', since, session = '', last] = known()
      if (!isAlive(since, age_ms_max)) {
        secret = newSecret()
        since = `${at_ms}`
      }
      if (!isAlive(last, gap_ms_max)) session = uuidv7(at_ms)
      disk.keep(person, [secret, since, session, at_ms].join(' '))
      // Where storage is blocked there is none: all that happens is one batch's, not a session each.
      return known()[2]
    },
    secret: () => known()[0],
    erase: () => disk.keep(person),
  }
}

/** 256 random bits in base64url (RFC 4648, 5), without padding. */
const newSecret = (): string =>
  btoa(String.fromCharCode(...random(32)))
    .replace(/\W/g, (sign) => (sign > '+' ? '_' : '-'))
    .slice(0, 43)
