import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { Envelope } from '@balise/shared/wire/envelope'
import type { WireEvent } from '@balise/shared/wire/event'
import type { Hints } from './hints.ts'

/** A site as ingest knows it. */
export type Site = {
  id: number
  key: string
  /** IANA name of the site's clock. */
  time_zone: string
  /** Hosts that may send, subdomains included; none means any. */
  hosts: string[]
  bots: 'refuse' | 'count'
  /** Events it may send on one day of its clock; `null`: as many as it likes. */
  events_per_day_max: number | null
  /** The first day on its clock of which it keeps events; absent: of any. */
  raw_from?: string
}

/** Where a visitor is, as far as the platform tells: ISO 3166-1 country, names for the rest. */
export type Place = { country?: string; region?: string; city?: string }

/** Where a request came from, as only the platform can tell. */
export type Peer = {
  ip: string
  place: Place
  /** The number of the autonomous system the address belongs to, where the platform tells it. */
  asn?: number
}

/** Who sent a request. It lives for one request: no later stage has a place for the address. */
export type Sender = Peer & {
  agent: string
  hints: Hints
  /** The browser asks not to be followed: Global Privacy Control, or Do Not Track. */
  objects: boolean
}

/** One event on its way in, with all that is known about it and nothing decided yet. */
export type Hit = {
  site: Site
  batch: Omit<Envelope, 'events'>
  event: WireEvent
  /** The moment it happened, on the collector's clock: see {@link eventTimeOf}. */
  at: Date
  sender: Sender
  /** What may be kept: what the visitor allows, unless their browser objects. */
  level: ConsentLevel
  received_at: Date
}
