import { isWithin } from './is-within.ts'
import type { Store } from './store.ts'
import type { World } from './world.ts'

/** The shortest that 13 months can be. */
const age_ms_max = 395 * 86_400_000

/**
 * The visitor's secret: 256 random bits, base64url. It is renewed 13 months after it was first seen, however often it
 * was seen since. Where the store cannot keep it there is none: a new visitor on every page would be a lie.
 */
export const visitorOf = (store: Store, { window, now }: World): string | undefined => {
  const [known, since] = store.read('visitor').split(' ')
  if (known && isWithin(age_ms_max, Number(since), now())) return known
  const fresh = secretOf(window.crypto.getRandomValues(new Uint8Array(32)))
  store.write('visitor', `${fresh} ${now()}`)
  return store.read('visitor') ? fresh : undefined
}

/** Bytes in base64url (RFC 4648, 5), without padding. */
const secretOf = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '')
