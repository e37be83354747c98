import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import type { Allow } from './allow.ts'

/** A rate that lasts, and how much of it may come at once. */
export type Rate = { per_second: number; burst: number }

type Bucket = { tokens: number; at_ms: number }

/**
 * Token buckets in this process: one for each key that came lately, at most `keys_max` of them.
 *
 * A bucket that has filled up again says nothing, so it goes: it lives no longer than `burst / per_second` seconds after
 * its last use. Past `keys_max` the one that waited longest goes early, the one nearest to full. Keys are kept as HMACs
 * under a key drawn when the process started and held nowhere else.
 */
export const createTokenBuckets = (options: { rate: Rate; keys_max: number; now: () => Date }): Allow => {
  const { per_second, burst } = options.rate
  const secret = createSecretKey(randomBytes(32)) // as bytes it would be read anew each time: 8 µs, not 1.4
  const buckets = new Map<string, Bucket>() // the one used last stands last

  const forget = (before_ms: number): void => {
    for (const [name, { at_ms }] of buckets) {
      if (at_ms > before_ms && buckets.size < options.keys_max) return
      buckets.delete(name)
    }
  }

  return async (key, cost = 1) => {
    const name = createHmac('sha256', secret).update(key).digest('base64url')
    const now_ms = options.now().getTime()
    const tokens = tokensIn(buckets.get(name), now_ms, options.rate)
    buckets.delete(name)
    forget(now_ms - (burst / per_second) * 1_000)

    const allowed = tokens >= 1
    buckets.set(name, { tokens: allowed ? tokens - cost : tokens, at_ms: now_ms })
    return allowed ? { ok: true } : { retry_after_seconds: Math.ceil((1 - tokens) / per_second) }
  }
}

/** A clock that was set back refills nothing, and takes nothing. */
const tokensIn = (bucket: Bucket | undefined, now_ms: number, { per_second, burst }: Rate): number => {
  if (!bucket) return burst
  const passed_seconds = Math.max(0, now_ms - bucket.at_ms) / 1_000
  return Math.min(burst, bucket.tokens + passed_seconds * per_second)
}
