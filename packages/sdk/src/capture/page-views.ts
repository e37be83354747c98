import type { PageView } from '../api.ts'
import type { Draft } from '../event.ts'
import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'
import { onArrival } from './navigation.ts'

/** A page view, with what `view` leaves out read from the document. */
export const viewOf = (view?: PageView): Draft => ({
  kind: 'page_view',
  title: document.title,
  referrer: document.referrer,
  ...view,
})

/** Notices each page shown, once: on load, on arrival at another address, on return from the cache. */
export const pageViews = (): Noticing => (tell, address) => {
  tell(viewOf())
  listen('pageshow', ({ persisted }: PageTransitionEvent) => persisted && tell(viewOf()))
  // Without a title: routers set the new one later, and the old one would be a lie.
  onArrival(address, (referrer) => tell({ kind: 'page_view', referrer }))
}
