import { z } from 'zod'

/**
 * Why an event was not kept. Each has one name on the wire, in the counters and in the docs.
 *
 * `invalid`: not of the wire's shape. `too_old`: over 31 days, or older than the site keeps events. `in_future`: over 24 hours ahead. `bot`: an automaton.
 * `no_consent`: sent at level `none`. `forgotten`: of a person who asked to be erased.
 */
export const refusalReasons = ['invalid', 'too_old', 'in_future', 'bot', 'no_consent', 'forgotten'] as const

/** One of {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number]

/**
 * The names under which a site's events are counted when they are turned away: each for its own reason; or a whole batch
 * for now, which comes again and is counted each time; or `dropped`, in the browser, which had no room for more.
 */
export const countedReasons = [...refusalReasons, 'too_many_requests', 'quota_exceeded', 'dropped'] as const

/** One of {@link countedReasons}. */
export type CountedReason = (typeof countedReasons)[number]

/** One event that was not kept: its id where it could be read, the reason, and for `invalid` what is wrong where. */
export const refusal = z.strictObject({
  id: z.string().nullable(),
  reason: z.enum(refusalReasons),
  detail: z.string().optional(),
})

/** See {@link refusal}. */
export type Refusal = z.infer<typeof refusal>

/**
 * The body of `202`: the events are durable. `duplicate` counts those that were stored before; where the write is behind
 * a queue it is not known yet and absent.
 */
export const accepted = z.strictObject({
  accepted: z.int().min(0),
  duplicate: z.int().min(0).optional(),
  refused: z.array(refusal),
})

/** See {@link accepted}. */
export type Accepted = z.infer<typeof accepted>
