import type { Address } from '../address.ts'
import { calm } from '../calm.ts'
import { listen, onHide } from '../listen.ts'

/** How long an address has to hold to be a page: a router that redirects passes through others on its way. */
const hold_ms = 100

/**
 * Calls `act` with the address left behind when the page has come to another one without leaving the document: by the
 * Navigation API, or where that is missing (before Chrome 102, Safari 26.2, Firefox 147) by watching History.
 */
export const onNavigation = (address: Address, act: (from: string) => void): void => {
  let here = address()
  const moved = calm(() => {
    const from = here
    here = address()
    if (from !== here) act(from)
  })

  // A page may have a `navigation` of its own.
  const { navigation } = window
  if (navigation?.currentEntry) {
    navigation.addEventListener('currententrychange', moved)
    return
  }
  listen('popstate', moved)
  for (const method of ['pushState', 'replaceState'] as const) {
    const original = history[method]
    history[method] = (...state) => {
      original.apply(history, state)
      moved()
    }
  }
}

/** As {@link onNavigation}, once the new address has held, or the page hides. */
export const onArrival = (address: Address, act: (from: string) => void): void => {
  let left = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const arrive = calm(() => {
    clearTimeout(timer)
    if (left && left !== address()) act(left)
    left = ''
  })
  onNavigation(address, (from) => {
    left = left || from
    clearTimeout(timer)
    timer = setTimeout(arrive, hold_ms)
  })
  onHide(arrive)
}
