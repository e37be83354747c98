import type { Noticing, Page } from './page.ts'
import { isPrerendering, type Street } from './street.ts'

/** Starts to notice once the page is shown, and sends off what waits before the page can go. */
export const watch = (noticing: readonly Noticing[], street: Street, page: Page): void => {
  const { window, listen } = page
  const { document } = window
  if (isPrerendering(window)) return listen(document, 'prerenderingchange', () => watch(noticing, street, page))
  for (const { start } of noticing) start(street.tell, page)
  // After what notices, so that a last word on hiding still leaves.
  listen(document, 'visibilitychange', () => document.visibilityState === 'hidden' && street.leave())
  listen(window, 'pagehide', street.leave)
  listen(window, 'online', street.flush)
}
