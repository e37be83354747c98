import { calm } from './calm.ts'

/**
 * Calls `act` at each event of this window, of one type or of several: `'focus blur'`. It captures: events of the document
 * are heard here too, and no handler of the page can withhold one.
 */
export const listen = <Heard extends Event>(types: string, act: (event: Heard) => void): void => {
  for (const type of types.split(' ')) addEventListener(type, calm(act) as (event: Event) => void, true)
}

/** Calls `act` when the page may be gone the next moment. Safari before 14.1 says only `pagehide` on navigation. */
export const onHide = (act: () => void): void =>
  listen('pagehide visibilitychange', ({ type }) => (type === 'pagehide' || document.hidden) && act())
