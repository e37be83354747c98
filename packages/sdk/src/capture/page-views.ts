import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'
import { onNavigation } from './navigation.ts'

/** Notices each page shown, once: on load, at each navigation to another address, on return from the cache. */
export const pageViews = (): Noticing => (tell) => {
  const see = () => tell({ kind: 'page_view', title: document.title, referrer: document.referrer })
  see()
  listen('pageshow', (event) => (event as PageTransitionEvent).persisted && see())
  // Without a title: routers set the new one later, and the old one would be a lie.
  onNavigation((referrer) => tell({ kind: 'page_view', referrer }))
}
