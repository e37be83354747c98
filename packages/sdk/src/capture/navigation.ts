import { calm } from '../calm.ts'
import { listen } from '../listen.ts'

/**
 * Calls `act` with the address left behind when the page has come to another one without leaving the document: by the
 * Navigation API, or where that is missing (before Chrome 102, Safari 26.2, Firefox 147) by watching History. A change
 * of the fragment is none.
 */
export const onNavigation = (act: (from: string) => void): void => {
  let here = addressNow()
  const moved = calm(() => {
    const from = here
    here = addressNow()
    if (from !== here) act(from)
  })

  if (window.navigation) {
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

const addressNow = (): string => location.href.replace(/#.*/, '')
