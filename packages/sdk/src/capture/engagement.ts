import { listen, onHide } from '../listen.ts'
import type { Noticing } from '../street.ts'
import { onNavigation } from './navigation.ts'

/** The least attention worth an event: an address that a router passes through on its way gets none. */
const engaged_ms_min = 100

/**
 * Notices how long a page was visible and had the focus, and how far down it was seen. Told when the page hides or gives
 * way to another, without a timer; who comes back adds another stretch, so that the sum stays true.
 */
export const engagement = (): Noticing => (tell, address) => {
  let engaged_ms = 0
  let depth_px = 0
  /** When the visitor's attention began; 0 while it is elsewhere. */
  let since_ms = 0

  const measure = (): void => {
    const now_ms = performance.now()
    if (since_ms) engaged_ms += now_ms - since_ms
    since_ms = document.hasFocus() && !document.hidden ? now_ms : 0
  }

  /** Has the page laid out where it is not: so when it was scrolled, and at its end, but not while it loads. */
  const look = (): void => {
    depth_px = Math.max(depth_px, scrollY + innerHeight)
  }

  const close = (url: string): void => {
    measure()
    if (engaged_ms < engaged_ms_min) return
    look()
    const scroll_percent = Math.min(100, Math.round((100 * depth_px) / document.documentElement.scrollHeight))
    tell({ kind: 'engagement', url, engaged_ms, scroll_percent })
    engaged_ms = depth_px = 0
  }

  measure()
  listen('focus blur visibilitychange pageshow', measure)
  listen('scroll', look)
  onNavigation(address, close)
  onHide(() => {
    close(address())
    // A page on its way out may stay visible a moment longer.
    since_ms = 0
  })
}
