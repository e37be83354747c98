import { calm } from './calm.ts'
import type { Draft } from './event.ts'
import type { Report } from './report.ts'
import type { Browser } from './world.ts'

/** Tells the street what was noticed. */
export type Tell = (draft: Draft) => void

/** The page, as what notices sees it. */
export type Page = {
  window: Browser
  /** Where the collector answers: absolute, without a slash at its end. */
  endpoint: string
  report: Report
  /** Listens until {@link Page.stop}, never in the page's way. */
  listen: (target: EventTarget, type: string, act: (event: Event) => void) => void
  /** A page view of now; its referrer is the view before, or what the document says. */
  viewOf: (view: Omit<Extract<Draft, { kind: 'page_view' }>, 'kind'>) => Draft
  /** Ends every listening. */
  stop: () => void
}

/** Something that notices by itself. */
export type Noticing = { readonly name: string; readonly start: (tell: Tell, page: Page) => void }

/** Opens a page to what notices. */
export const createPage = (window: Browser, endpoint: string, report: Report): Page => {
  const stopping = new window.AbortController()
  const options = { capture: true, passive: true, signal: stopping.signal }
  let { referrer } = window.document
  return {
    window,
    report,
    endpoint: new URL(endpoint, window.location.href).href.replace(/\/$/, ''),
    listen: (target, type, act) => target.addEventListener(type, calm(act, report), options),
    viewOf(view) {
      const before = referrer
      referrer = view.url || window.location.href
      return { referrer: before, ...view, kind: 'page_view' }
    },
    stop: () => stopping.abort(),
  }
}
