import { z } from 'zod'
import { limits } from './limits.ts'

/** What an event can be. */
export const eventKinds = ['page_view', 'api_call', 'contact', 'custom', 'engagement'] as const

/** One of {@link eventKinds}. */
export type EventKind = (typeof eventKinds)[number]

/** How a visitor reached out. */
export const contactChannels = ['phone', 'email', 'whatsapp', 'sms', 'form', 'chat', 'map', 'other'] as const

/** One of {@link contactChannels}. */
export type ContactChannel = (typeof contactChannels)[number]

const text = (chars_max: number) => z.string().min(1).max(chars_max)
const count = (max: number) => z.int().min(0).max(max)

/** Free properties of an event: at most 30, each a short string, a finite number or a boolean. */
const props = z
  .record(
    text(limits.prop_key_chars_max),
    z.union([z.string().max(limits.prop_value_chars_max), z.number(), z.boolean()]),
  )
  .refine((given) => Object.keys(given).length <= limits.props_max, { error: `at most ${limits.props_max} props` })

/** Money as text, so that no amount is ever rounded on its way: `{ amount: "4900.50", currency: "XAF" }`. */
const revenue = z.strictObject({
  amount: z.string().regex(/^-?\d{1,15}(\.\d{1,6})?$/, 'a decimal number written as text, like "4900" or "12.50"'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, like "XAF"'),
})

/** What every kind carries. `at` is the device's clock in milliseconds since 1970. */
const common = {
  id: z.uuidv7(),
  at: z.int().min(0).max(8_640_000_000_000_000),
  url: text(limits.url_chars_max),
  title: z.string().max(limits.title_chars_max).optional(),
  referrer: z.string().max(limits.url_chars_max).optional(),
  props: props.optional(),
}

/**
 * One event as a browser sends it. `id` is a UUIDv7 made in the browser and the only idempotency key; unknown keys are
 * refused by name.
 */
export const wireEvent = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('page_view') }),
  z.strictObject({
    ...common,
    kind: z.literal('api_call'),
    /** Absent where the call was only observed: the browser's resource timing does not tell the method. */
    method: z
      .string()
      .regex(/^[A-Z]{1,20}$/, 'an HTTP method in capitals')
      .optional(),
    endpoint: text(limits.url_chars_max),
    /** 0 when no answer came: offline, aborted, blocked. */
    status: count(999),
    duration_ms: count(86_400_000),
    bytes: count(Number.MAX_SAFE_INTEGER).optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('contact'),
    channel: z.enum(contactChannels),
    /** The number or address reached. The edge keeps a keyed hash of it, never the text. */
    target: z.string().max(limits.target_chars_max).optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('custom'),
    name: text(limits.name_chars_max),
    revenue: revenue.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('engagement'),
    engaged_ms: count(86_400_000),
    scroll_percent: count(100).optional(),
  }),
])

/** See {@link wireEvent}. */
export type WireEvent = z.infer<typeof wireEvent>

/** The events of one kind: `WireEventOf<'api_call'>`. */
export type WireEventOf<Kind extends EventKind> = Extract<WireEvent, { kind: Kind }>
