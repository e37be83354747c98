import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { Envelope } from '@balise/shared/wire/envelope'
import type { WireEvent } from '@balise/shared/wire/event'
import type { Refusal } from '@balise/shared/wire/reply'
import { checks } from './checks.ts'
import { eventTimeOf } from './event-time.ts'
import type { Hit, Sender, Site } from './hit.ts'
import { createNameOf } from './pseudonym.ts'
import { type Keys, pseudonymise } from './pseudonymise.ts'
import type { Delivery, EventRow } from './row.ts'
import { siteMomentOf } from './site-clock.ts'
import { traitsOf } from './traits.ts'
import { validate } from './validate.ts'

/** A batch that has arrived: what was sent, for which site, by whom, when. */
export type Arrival = { site: Site; envelope: Envelope; sender: Sender; received_at: Date }

/** What became of a batch: what is to be stored, and what was turned away. */
export type Ingested = { delivery: Delivery; refused: Refusal[] }

/**
 * The street: every event of a batch walks it alone, so that a bad one never costs the good ones.
 *
 * `null` when a key that names are made with cannot be had now: the batch must be sent again.
 */
export const ingest = async (arrival: Arrival, keys: Keys): Promise<Ingested | null> => {
  const events: EventRow[] = []
  const refused: Refusal[] = []
  const nameOf = createNameOf()

  for (const raw of arrival.envelope.events) {
    const read = validate(raw)
    if ('refusal' in read) {
      refused.push(read.refusal)
      continue
    }
    const hit = hitOf(read.event, arrival)
    const reason = firstReason(hit)
    if (reason) {
      refused.push({ id: hit.event.id, reason })
      continue
    }
    const pseudonyms = await pseudonymise(hit, keys, nameOf)
    if (!pseudonyms) return null
    events.push({ ...rowHeadOf(hit), ...traitsOf(hit), ...pseudonyms })
  }

  return { delivery: { events, refused: countsOf(refused, arrival) }, refused }
}

const hitOf = (event: WireEvent, { site, envelope, sender, received_at }: Arrival): Hit => ({
  site,
  batch: envelope,
  event,
  at: eventTimeOf(event.at, envelope.sent_at, received_at),
  sender,
  level: levelOf(envelope.consent, sender),
  received_at,
})

/** What the visitor allows; nothing where their browser objects. The SDK asks both too, but a client may lie. */
const levelOf = (consent: ConsentLevel, { objects }: Sender): ConsentLevel => (objects ? 'none' : consent)

const firstReason = (hit: Hit) => {
  for (const check of checks) {
    const reason = check(hit)
    if (reason) return reason
  }
  return undefined
}

/** Nothing happened after it arrived, whatever a clock says. */
const rowHeadOf = ({ site, event, at, received_at }: Hit) => ({
  site: site.id,
  id: event.id,
  at: new Date(Math.min(at.getTime(), received_at.getTime())).toISOString(),
  kind: event.kind,
})

/** What was turned away, here or before in the browser, by reason. */
const countsOf = (refused: Refusal[], { site, envelope, received_at }: Arrival): Delivery['refused'] => {
  if (refused.length === 0 && !envelope.dropped) return []
  const { day } = siteMomentOf(received_at, site.time_zone)
  const counts = new Map<string, number>()
  if (envelope.dropped) counts.set('dropped', envelope.dropped)
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const delivery = crypto.randomUUID()
  return [...counts].map(([reason, count]) => ({ site: site.id, day, reason, count, delivery }))
}
