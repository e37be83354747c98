import type { WireEvent } from '@balise/shared/wire/event'
import { clientOf } from './client.ts'
import type { Hit } from './hit.ts'
import { originOf } from './origin.ts'
import type { Measures, Traits } from './row.ts'
import { indexable } from './storable.ts'

/** All that is read out of a hit but who it was. */
export const traitsOf = (hit: Hit): Traits & Measures => {
  const url = new URL(hit.event.url)
  return {
    page: { host: url.hostname, path: indexable(url.pathname), title: hit.event.title || null },
    origin: originOf(url, hit.event.referrer),
    action: actionOf(hit.event),
    client: clientOf(hit.sender, hit.batch.page),
    place: placeOf(hit),
    ...measuresOf(hit.event),
  }
}

const placeOf = ({ sender: { place } }: Hit): Traits['place'] =>
  place.country ? { country: place.country, region: place.region ?? null, city: place.city ?? null } : null

const noAction = { name: null, method: null, endpoint: null, status: null, channel: null, currency: null }

const actionOf = (event: WireEvent): Traits['action'] => {
  if (event.kind === 'api_call')
    return { ...noAction, method: event.method ?? null, endpoint: indexable(event.endpoint), status: event.status }
  if (event.kind === 'contact') return { ...noAction, channel: event.channel }
  if (event.kind === 'custom') return { ...noAction, name: event.name, currency: event.revenue?.currency ?? null }
  return null
}

/** The numbers of an event and its props. Absent ones stay absent: they cost nothing in a queue and in a row. */
const measuresOf = (event: WireEvent): Measures => {
  const props = event.props && Object.keys(event.props).length > 0 ? { props: event.props } : {}
  if (event.kind === 'api_call')
    return { ...props, duration_ms: event.duration_ms, ...(event.bytes === undefined ? {} : { bytes: event.bytes }) }
  if (event.kind === 'custom') return { ...props, ...(event.revenue ? { amount: event.revenue.amount } : {}) }
  if (event.kind === 'engagement')
    return {
      ...props,
      engaged_ms: event.engaged_ms,
      ...(event.scroll_percent === undefined ? {} : { scroll_percent: event.scroll_percent }),
    }
  return props
}
