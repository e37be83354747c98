import { z } from 'zod'

/** One part of a collector: whether it works, and in one sentence what to do when it does not. */
export const partHealth = z.strictObject({ ok: z.boolean(), detail: z.string().optional() })

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
