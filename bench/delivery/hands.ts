import type { Page } from 'playwright-core'
import type { FaultProxy } from './fault-proxy.ts'

/** What a fault may do to a page that has just told its page view, and to all that it needs. */
export type Hands = {
  proxy: FaultProxy
  /** The page opened last. */
  page: () => Page
  open: () => Promise<void>
  /** Tells events in one task of the page, by default ten small ones; resolves once the calls returned. */
  tell: (what?: { count?: number; bytes?: number }) => Promise<void>
  /** Has the browser prerender a page that tells ten events meanwhile, show it, which tells ten more, and close it. */
  prerender: () => Promise<void>
  wait: (ms: number) => Promise<void>
  offline: (is: boolean) => Promise<void>
  /** Brings another tab to the front. */
  hide: () => Promise<void>
  show: () => Promise<void>
  freeze: () => Promise<void>
  /** Goes to another page and back, to the same document as before. */
  awayAndBack: () => Promise<void>
  /** Leaves the origin no room in storage. */
  fill: () => Promise<void>
  /** Takes the collector's database away. */
  cutDatabase: (is: boolean) => void
  killRenderers: () => Promise<void>
  killBrowser: () => Promise<void>
}
