import { aliveIn } from './alive-in.ts'
import type { Store } from './store.ts'

/** The shortest that 13 months can be. */
const age_ms_max = 395 * 86_400_000

/**
 * The visitor's secret: 256 random bits, base64url. It is renewed 13 months after it was first seen, however often it
 * was seen since. Where the store cannot keep it there is none: a new visitor on every page would be a lie.
 */
export const visitorOf = (store: Store, at_ms: number): string | undefined => {
  const known = () => aliveIn(store.textOf('visitor'), at_ms, age_ms_max)
  if (!known()) store.keep('visitor', `${base64url(crypto.getRandomValues(new Uint8Array(32)))} ${at_ms}`)
  return known() || undefined
}

/** RFC 4648, 5, without padding. */
const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace('=', '')
