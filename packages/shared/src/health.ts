import { z } from 'zod'

/**
 * One part of a collector: whether it works, and in one sentence what to do when it does not. The rollups also tell how far
 * they are behind, in seconds and in events (counted to 100,000), and by what code their last step failed, if it did; a
 * database, how many events it would not have that are set aside (counted to 10,000), if there are any.
 */
export const partHealth = z.strictObject({
  ok: z.boolean(),
  detail: z.string().optional(),
  lag_seconds: z.int().min(0).optional(),
  events_waiting: z.int().min(0).optional(),
  events_set_aside: z.int().min(1).optional(),
  last_failure: z.strictObject({ code: z.string(), at: z.iso.datetime() }).optional(),
})

/** The body of `GET /health`: 200 when every part works, 503 when one does not. */
export const health = z.strictObject({
  ok: z.boolean(),
  version: z.string(),
  parts: z.record(z.string(), partHealth),
})

/** See {@link partHealth}. */
export type PartHealth = z.infer<typeof partHealth>

/** See {@link health}. */
export type Health = z.infer<typeof health>
