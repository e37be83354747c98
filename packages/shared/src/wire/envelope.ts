import { z } from 'zod'
import { consentLevel } from './consent.ts'
import type { WireEvent } from './event.ts'
import { limits } from './limits.ts'

/**
 * One batch on its way to `POST /v1/events`. The events are still `unknown` here: each is judged alone, so that a bad
 * one never costs the good ones.
 */
export const envelope = z.strictObject({
  /** The public site key. */
  site: z.string().min(1).max(limits.site_chars_max),
  /** The device's clock when it sent, in milliseconds since 1970: the collector derives the skew from it. */
  sent_at: z.int().min(0).max(8_640_000_000_000_000),
  consent: consentLevel,
  /** 256 random bits, base64url. Only at `analytics` and above. */
  visitor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, '256 bits in base64url, 43 characters')
    .optional(),
  session: z.uuid().optional(),
  /** The site's own id of a signed-in person. Only at `marketing`. */
  user: z.string().min(1).max(limits.user_chars_max).optional(),
  page: z
    .strictObject({
      /** CSS pixels: `"1440x900"`. */
      screen: z
        .string()
        .regex(/^\d{1,5}x\d{1,5}$/)
        .optional(),
      /** BCP 47: `"fr-CM"`. */
      language: z.string().max(35).optional(),
      /** IANA: `"Africa/Douala"`. */
      timezone: z.string().max(64).optional(),
    })
    .optional(),
  /** How many events the browser gave up for want of room since it last said so. */
  dropped: z.int().min(0).max(1_000_000).optional(),
  events: z.array(z.unknown()).min(1).max(limits.events_per_batch_max),
})

/** See {@link envelope}. */
export type Envelope = z.infer<typeof envelope>

/** What an SDK sends: an {@link Envelope} whose events are events. */
export type Batch = Omit<Envelope, 'events'> & { events: WireEvent[] }
