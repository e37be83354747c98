import type { Noticing } from '../page.ts'
import { addressOf, onNavigation } from './navigation.ts'

/**
 * Notices how long a page was visible and had the focus, and how far down it was seen. Told when the page hides or gives
 * way to another, without a timer; who comes back adds another stretch, so that the sum stays true.
 */
export const engagement = (): Noticing => ({
  name: 'engagement',
  start(tell, page) {
    const { window, listen } = page
    const { document } = window
    let url = addressOf(window)
    let engaged_ms = 0
    let since_ms: number | undefined
    let depth_px = 0

    const measure = (): void => {
      const now_ms = window.performance.now()
      if (since_ms !== undefined) engaged_ms += now_ms - since_ms
      since_ms = document.visibilityState === 'visible' && document.hasFocus() ? now_ms : undefined
      depth_px = Math.max(depth_px, window.scrollY + window.innerHeight)
    }

    const close = (): void => {
      measure()
      const scroll_percent = Math.min(100, (100 * depth_px) / document.documentElement.scrollHeight)
      if (engaged_ms >= 1) tell({ kind: 'engagement', url, engaged_ms, scroll_percent })
      url = addressOf(window)
      engaged_ms = depth_px = 0
    }

    measure()
    listen(document, 'visibilitychange', () => (document.visibilityState === 'hidden' ? close() : measure()))
    listen(window, 'pagehide', close)
    for (const type of ['focus', 'blur', 'scroll']) listen(window, type, measure)
    onNavigation(page, () => url !== addressOf(window) && close())
  },
})
