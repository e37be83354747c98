import type { EventKind } from '@balise/shared/wire/event'

/** What repeats from event to event, as the five dimension tables hold it. */
export type Traits = {
  page: { host: string; path: string; title: string | null }
  origin: Record<'source' | 'referrer' | 'medium' | 'campaign' | 'term' | 'content' | 'channel', string | null> | null
  action:
    | (Record<'name' | 'method' | 'endpoint' | 'channel' | 'currency', string | null> & { status: number | null })
    | null
  client: Record<'browser' | 'browser_version' | 'os' | 'os_version' | 'device' | 'screen' | 'language', string | null>
  place: Record<'country' | 'region' | 'city', string | null> | null
}

/** What is measured or said once. */
export type Measures = {
  duration_ms?: number
  bytes?: number
  engaged_ms?: number
  scroll_percent?: number
  amount?: string
  props?: Record<string, string | number | boolean>
}

/** Who it was, in keyed hashes (UUID text of 128 bits). */
export type Pseudonyms = {
  visitor: string
  /** The same visitor under yesterday's key: only in a site-day's first 30 minutes. */
  visitor_before?: string
  /** Whether the visitor has a secret; otherwise `visitor` lives for one site-day. */
  known: boolean
  session?: string
  user?: string
  target?: string
}

/** An event as it is queued and stored. There is no place in it for an address, an agent or a secret. */
export type EventRow = Traits &
  Measures &
  Pseudonyms & {
    site: number
    id: string
    /** ISO 8601, UTC. */
    at: string
    kind: EventKind
  }

/**
 * How many events of a site's day were turned away for a reason, of which a `delivery` (a UUID) has one at most. Whatever
 * brings it again, with all of the delivery or with a half, it is counted once.
 */
export type RefusedCount = { site: number; day: string; reason: string; count: number; delivery: string }

/** What one request leaves to be stored: JSON, so that it can wait in a queue. */
export type Delivery = { events: EventRow[]; refused: RefusedCount[] }

/** The site that a delivery came from; `0` for one that is of several, which only the collector itself makes. */
export const siteOf = ({ events, refused }: Delivery): number => {
  const [first = { site: 0 }, ...others] = [...events.slice(0, 1), ...refused]
  return others.every(({ site }) => site === first.site) ? first.site : 0
}

/** A delivery in two, to be tried again: its events and its counts, or half of whichever it has; nothing where it holds only one. */
export const halvesOf = ({ events, refused }: Delivery): [Delivery, Delivery] | undefined => {
  if (events.length > 0 && refused.length > 0)
    return [
      { events, refused: [] },
      { events: [], refused },
    ]
  const all = events.length + refused.length
  if (all < 2) return undefined
  const middle = Math.ceil(all / 2)
  return [
    { events: events.slice(0, middle), refused: refused.slice(0, middle) },
    { events: events.slice(middle), refused: refused.slice(middle) },
  ]
}
