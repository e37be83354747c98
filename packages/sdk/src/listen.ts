import { calm } from './calm.ts'

/**
 * Calls `act` at each event of this window. It captures: events of the document are heard here too, and no handler of
 * the page can withhold one.
 */
export const listen = (type: string, act: (event: Event) => void): void => addEventListener(type, calm(act), true)

/** Calls `act` when the page may be gone the next moment. Safari before 14.1 says only `pagehide` on navigation. */
export const onHide = (act: () => void): void => {
  listen('pagehide', act)
  listen('visibilitychange', () => document.hidden && act())
}
