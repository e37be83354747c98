import type { Noticing } from '../page.ts'
import { addressOf, onNavigation } from './navigation.ts'

/** Notices each page shown, once: on load, at each navigation to another address, on return from the cache. */
export const pageViews = (): Noticing => ({
  name: 'page-views',
  start(tell, page) {
    const { window, listen, viewOf } = page
    let seen = addressOf(window)
    const see = () => tell(viewOf({ title: window.document.title }))
    see()
    onNavigation(page, () => {
      if (addressOf(window) === seen) return
      seen = addressOf(window)
      // No title: routers set the new one later, and the old one would be a lie.
      tell(viewOf({}))
    })
    listen(window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && see())
  },
})
