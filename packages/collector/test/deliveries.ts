import type { Delivery, EventRow } from '../src/ingest/row.ts'
import { uuidv7 } from './batches.ts'

/** A page view as it is stored, of an anonymous visitor; `given` replaces what matters to a test. */
export const row = (site: number, at: Date, given: Partial<EventRow> = {}): EventRow => ({
  site,
  id: uuidv7(at),
  at: at.toISOString(),
  kind: 'page_view',
  visitor: '00000000-0000-4000-8000-000000000001',
  known: false,
  page: { host: 'shop.example', path: '/', title: null },
  origin: null,
  action: null,
  client: {
    browser: 'Firefox',
    browser_version: '140',
    os: 'Linux',
    os_version: null,
    device: 'desktop',
    screen: null,
    language: 'fr',
  },
  place: null,
  ...given,
})

/** Rows on their way to the store, with nothing turned away. */
export const deliveryOf = (...events: EventRow[]): Delivery => ({ events, refused: [] })
