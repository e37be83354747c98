import { calm } from '../calm.ts'
import type { Page } from '../page.ts'
import type { Browser } from '../world.ts'

/**
 * Calls `act` after each navigation that keeps the document: by the Navigation API, or where that is missing by watching
 * History. It may be called where the address stayed the same: compare.
 */
export const onNavigation = ({ window, listen, report }: Page, act: () => void): void => {
  const { history, navigation } = window
  if (navigation) return listen(navigation, 'currententrychange', act)
  listen(window, 'popstate', act)
  for (const method of ['pushState', 'replaceState'] as const) {
    const original = history[method]
    history[method] = (...state) => {
      original.apply(history, state)
      calm(act, report)()
    }
  }
}

/** The address of the page, without what names a place within it. */
export const addressOf = ({ location }: Browser): string => location.href.replace(/#.*/, '')
