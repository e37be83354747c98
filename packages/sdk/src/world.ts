import { uuidv7 } from './uuid.ts'

/** A window, with what browsers have and TypeScript's DOM does not yet. */
export type Browser = Omit<Window & typeof globalThis, 'navigation'> & {
  /** Missing before Chrome 102, Safari 26.2 and Firefox 147. */
  readonly navigation?: EventTarget
}

/** What the SDK asks of its surroundings. Tests bring their own clock and ids. */
export type World = {
  window: Browser
  /** Milliseconds since 1970, whole. */
  now: () => number
  /** A UUIDv7 of that moment. */
  id: (at_ms: number) => string
}

/** The world of a page. */
const worldOf = (window: Browser): World => ({
  window,
  now: () => Date.now(),
  id: (at_ms) => uuidv7(at_ms, window.crypto.getRandomValues(new Uint8Array(10))),
})

/** The world of the page that runs this, if a page does. */
export const worldHere = (): World | undefined =>
  typeof document === 'undefined' ? undefined : worldOf(window as unknown as Browser)
