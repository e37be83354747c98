import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'
import { onArrival } from './navigation.ts'

/** Notices each page shown, once: on load, on arrival at another address, on return from the cache. */
export const pageViews = (): Noticing => (tell, address) => {
  const see = () => tell({ kind: 'page_view', title: document.title, referrer: document.referrer })
  see()
  listen('pageshow', (event) => (event as PageTransitionEvent).persisted && see())
  // Without a title: routers set the new one later, and the old one would be a lie.
  onArrival(address, (referrer) => tell({ kind: 'page_view', referrer }))
}
