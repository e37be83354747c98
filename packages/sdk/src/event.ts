import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { WireEvent } from '@balise/shared/wire/event'
import { name_chars_max, target_chars_max, title_chars_max, url_chars_max } from './limits.ts'
import { scrub, scrubUrl } from './scrub.ts'

/** An event as it was noticed: without id and time, and its URL only where it is not the page's. */
export type Draft = Bare<WireEvent>

type Bare<Event> = Event extends WireEvent ? Omit<Event, 'id' | 'at' | 'url'> & { url?: string } : never

/** Most characters of each text; what is not named may be as long as a URL. */
const chars_max: { readonly [field: string]: number } = {
  title: title_chars_max,
  name: name_chars_max,
  target: target_chars_max,
}

/** The JSON of an event as it travels: addresses and texts scrubbed, and cut to what the wire holds. */
export const jsonOf = (event: Draft & Pick<WireEvent, 'id' | 'at' | 'url'>, level: ConsentLevel | undefined): string =>
  JSON.stringify(event, (field, value: unknown) => {
    if (!value || typeof value !== 'string') return value
    const clean = /^(url|referrer)$/.test(field)
      ? scrubUrl(value, level)
      : // A contact's target *is* an address; the edge keeps no more of it than a keyed hash.
        field === 'target'
        ? value
        : scrub(value)
    return clean.slice(0, chars_max[field] || url_chars_max)
  })
