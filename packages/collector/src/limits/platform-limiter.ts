import type { Allow } from './allow.ts'

/** What Workers lend to count with: a `[[ratelimits]]` of `wrangler.toml`. */
export type Binding = { limit: (asked: { key: string; delta: number }) => Promise<{ success: boolean }> }

/**
 * The platform's own counters, of one Cloudflare location each. It counts by windows and tells no time, so who is turned
 * away is told to wait a whole `period_seconds`. `nameOf` makes the keyed hash that the platform is given for a key.
 *
 * @see https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 */
export const createPlatformLimiter =
  (options: { binding: Binding; period_seconds: number; nameOf: (key: string) => Promise<string> }): Allow =>
  async (key, cost = 1) => {
    const { success } = await options.binding.limit({ key: await options.nameOf(key), delta: cost })
    return success ? { ok: true } : { retry_after_seconds: options.period_seconds }
  }
