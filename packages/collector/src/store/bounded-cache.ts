/**
 * Remembers what `find` answered for `ttl_ms`, and at most `entries_max` answers. While `find` fails, the last answer
 * stands: a site that was known a minute ago can go on sending to a queue while the database is away. A failure itself is
 * not remembered.
 *
 * Answers are kept and never promises: in workerd a request that waits for what another request asked for is cancelled as
 * hung. https://developers.cloudflare.com/workers/observability/errors/#cannot-perform-io-on-behalf-of-a-different-request
 */
export const createBoundedCache = <Value>(options: {
  find: (key: string) => Promise<Value>
  ttl_ms: number
  entries_max: number
  now: () => Date
}) => {
  const entries = new Map<string, { value: Value; until_ms: number }>()

  return async (key: string): Promise<Value> => {
    const now_ms = options.now().getTime()
    const last = entries.get(key)
    if (last && last.until_ms > now_ms) return last.value

    // While this one asks, the others go on with the last answer.
    if (last) last.until_ms = now_ms + options.ttl_ms
    const value = await (last ? options.find(key).catch(() => last.value) : options.find(key))
    if (entries.size >= options.entries_max) entries.clear()
    entries.set(key, { value, until_ms: now_ms + options.ttl_ms })
    return value
  }
}
