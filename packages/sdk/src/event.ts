import type { WireEvent } from '@balise/shared/wire/event'
import type { ConsentLevel, Props, TrackedEvent } from './api.ts'
import {
  name_chars_max,
  prop_key_chars_max,
  prop_value_chars_max,
  props_max,
  target_chars_max,
  title_chars_max,
  url_chars_max,
} from './limits.ts'
import { scrub, scrubUrl } from './scrub.ts'

/** An event as it was noticed: without id and time, and its URL only where it is not the page's. */
export type Draft = Bare<WireEvent>

type Bare<Event> = Event extends WireEvent ? Omit<Event, 'id' | 'at' | 'url'> & { url?: string } : never

/** A text as it may leave, and no longer than the wire holds; anything else as it is. */
const text = (value: unknown, chars_max: number): unknown =>
  typeof value === 'string' ? scrub(value).slice(0, chars_max) : value

/** Makes a field fit to leave. */
type Fields = { readonly [field: string]: (value: never, ...how: How) => unknown }

type How = [level: ConsentLevel, allow?: RegExp | undefined]

/** The fields of a page view. */
export const viewFields: Fields = {
  url: scrubUrl,
  referrer: scrubUrl,
  title: (title) => text(title, title_chars_max),
}

/** The fields of all events. What is not here is one of our own words, or a number; or what a contact reached: see `edge`. */
export const allFields: Fields = {
  ...viewFields,
  name: (name) => text(name, name_chars_max),
  endpoint: (endpoint) => text(endpoint, url_chars_max),
  duration_ms: Math.round,
  engaged_ms: Math.round,
  target: (target: string) => target.slice(0, target_chars_max),
  props: (props: Props) =>
    Object.fromEntries(
      Object.entries(props)
        .filter(([, value]) => /string|boolean/.test(typeof value) || Number.isFinite(value))
        .slice(0, props_max)
        .map(([name, value]) => [text(name, prop_key_chars_max), text(value, prop_value_chars_max)]),
    ),
}

/** The JSON of an event as it travels: its fields made fit, at that level, with such query parameters beside the usual. */
export const jsonOf = (event: TrackedEvent, fields: Fields, ...how: How): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(event).map(([field, value]) => [
        field,
        (value && fields[field]?.(value as never, ...how)) ?? value,
      ]),
    ),
  )
