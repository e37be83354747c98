import { z } from 'zod'
import { limits } from '../wire/limits.ts'

/**
 * Whom to forget: a visitor by the secret their browser holds, or a user by the site's own id. With the secret no token
 * is needed: who holds 256 random bits is that visitor. A user can be erased only with a token of scope `privacy`.
 */
export const erasureRequest = z.union([
  z.strictObject({
    site: z.string().min(1).max(limits.site_chars_max),
    visitor: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  }),
  z.strictObject({
    site: z.string().min(1).max(limits.site_chars_max),
    user: z.string().min(1).max(limits.user_chars_max),
  }),
])

/** See {@link erasureRequest}. */
export type ErasureRequest = z.infer<typeof erasureRequest>

/** What an erasure did: the body of the answer, and what the audit log keeps. It names nobody. */
export const erasureReceipt = z.strictObject({
  id: z.uuid(),
  site: z.string(),
  /** What was asked to be forgotten. */
  subject: z.enum(['visitor', 'user']),
  at: z.iso.datetime(),
  /** How many rows went, by the place they went from. */
  erased: z.strictObject({ events: z.int().min(0) }),
  /** Keyed ids that ingest turns away from now on, so that a late retry cannot bring the person back. */
  suppressed: z.int().min(0),
})

/** See {@link erasureReceipt}. */
export type ErasureReceipt = z.infer<typeof erasureReceipt>
