import { readFileSync } from 'node:fs'
import type { Batch } from '@balise/shared/wire/envelope'
import type { WireEvent } from '@balise/shared/wire/event'
import { noHints } from '../src/ingest/hints.ts'
import type { Arrival } from '../src/ingest/ingest.ts'

/** A person's browser, as its agent tells. */
export const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** The golden batch: one event of each kind, seconds before `sent_at`. */
export const golden = (): Batch =>
  JSON.parse(readFileSync(new URL('../../shared/fixtures/batch.json', import.meta.url), 'utf8'))

/** A UUIDv7 of a moment; `tail` tells it from others of the same millisecond. */
export const uuidv7 = (at: Date, tail = Math.floor(Math.random() * 2 ** 40)): string => {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail.toString(16).padStart(12, '0')}`
}

/** A page view of a moment. */
export const pageView = (at: Date, url = 'https://shop.example/'): WireEvent => ({
  id: uuidv7(at),
  kind: 'page_view',
  at: at.getTime(),
  url,
})

/** A batch as it arrives at once from a person's browser, at level `anonymous`, for a site without restrictions. */
export const arrivalOf = (events: unknown[], received_at: Date, given: Partial<Batch> = {}): Arrival => ({
  site: { id: 1, key: 'demo', time_zone: 'UTC', hosts: [], bots: 'refuse', events_per_day_max: null },
  envelope: { site: 'demo', sent_at: received_at.getTime(), consent: 'anonymous', ...given, events },
  sender: {
    ip: '203.0.113.7',
    place: { country: 'CM', city: 'Douala' },
    agent: firefox,
    hints: noHints,
    objects: false,
  },
  received_at,
})
