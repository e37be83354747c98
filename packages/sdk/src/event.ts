import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { WireEvent } from '@balise/shared/wire/event'
import * as limits from './limits.ts'
import { scrub, scrubUrl } from './scrub.ts'

/** An event as it was noticed: without id and time, and its URL only where it is not the page's. */
export type Draft = Bare<WireEvent>

type Bare<Event> = Event extends WireEvent ? Omit<Event, 'id' | 'at' | 'url'> & { url?: string } : never

/** When and where an event happened: `href` is the address of the page. */
export type Moment = { id: string; at: number; href: string; level: ConsentLevel }

/** The event that travels: addresses and texts scrubbed and cut to what the wire holds, numbers whole. */
export const eventOf = (draft: Draft, { id, at, href, level }: Moment): WireEvent => {
  const fields = Object.entries({ ...draft, id, at, url: draft.url || href })
  const clean = ([field, value]: [string, unknown]) => [field, cleanOf(field, value, { href, level })]
  // Field by field the shape stays the draft's, which the compiler cannot see.
  return Object.fromEntries(fields.map(clean)) as WireEvent
}

/** Most characters of each text; one that is not named may be as long as a URL. */
const chars_max: { readonly [field: string]: number } = {
  title: limits.title_chars_max,
  name: limits.name_chars_max,
  target: limits.target_chars_max,
}

const cleanOf = (field: string, value: unknown, { href, level }: Pick<Moment, 'href' | 'level'>): unknown => {
  if (field === 'props') return value && propsOf(value)
  if (typeof value === 'number') return Math.round(value)
  if (typeof value !== 'string') return value
  const isAddress = field === 'url' || field === 'referrer'
  // A contact's target *is* an address; the edge keeps no more of it than a keyed hash.
  const scrubbed = isAddress ? value && scrubUrl(value, href, level) : field === 'target' ? value : scrub(value)
  return scrubbed.slice(0, chars_max[field] || limits.url_chars_max)
}

const propsOf = (props: object): { [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(props)
      .filter(([, value]) => /string|boolean/.test(typeof value) || Number.isFinite(value))
      .slice(0, limits.props_max)
      .map(([name, value]) => [
        name.slice(0, limits.prop_key_chars_max),
        typeof value === 'string' ? scrub(value).slice(0, limits.prop_value_chars_max) : value,
      ]),
  )
