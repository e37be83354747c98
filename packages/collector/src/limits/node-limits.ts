import { z } from 'zod'
import { type Limits, unlimited } from './allow.ts'
import { createTokenBuckets } from './token-buckets.ts'

const rate = z.coerce.number().positive().max(1_000_000_000)

/** What an operator sets, each a rate that lasts; five seconds of it may come at once. `docs/limits.md` tells why these. */
export const limitSettings = {
  LIMITS: z.enum(['on', 'off']).default('on'),
  BATCHES_PER_SECOND_MAX: rate.default(50),
  EVENTS_PER_SECOND_MAX: rate.default(5_000),
  QUESTIONS_PER_SECOND_MAX: rate.default(20),
  ERASURES_PER_SECOND_MAX: rate.default(2),
}

const burst_seconds = 5

/** A bucket takes about 200 bytes: 20 MB at most for all four. */
const keys_max = 25_000

/** The limits of one Node process. */
export const nodeLimitsOf = (settings: z.infer<z.ZodObject<typeof limitSettings>>, now: () => Date): Limits => {
  if (settings.LIMITS === 'off') return unlimited
  const bucketsOf = (per_second: number) =>
    createTokenBuckets({ rate: { per_second, burst: Math.max(1, per_second * burst_seconds) }, keys_max, now })
  return {
    batches: bucketsOf(settings.BATCHES_PER_SECOND_MAX),
    events: bucketsOf(settings.EVENTS_PER_SECOND_MAX),
    questions: bucketsOf(settings.QUESTIONS_PER_SECOND_MAX),
    erasures: bucketsOf(settings.ERASURES_PER_SECOND_MAX),
  }
}
