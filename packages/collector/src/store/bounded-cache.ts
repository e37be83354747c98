/**
 * Remembers what `find` answered for `ttl_ms`, and at most `entries_max` answers. Calls for a key that is being looked
 * for wait for the same answer. While `find` fails, the last answer stands: a site that was known a minute ago can go on
 * sending to a queue while the database is away. A failure itself is not remembered.
 */
export const createBoundedCache = <Value>(options: {
  find: (key: string) => Promise<Value>
  ttl_ms: number
  entries_max: number
  now: () => Date
}) => {
  const entries = new Map<string, { value: Promise<Value>; until_ms: number }>()

  return (key: string): Promise<Value> => {
    const now_ms = options.now().getTime()
    const last = entries.get(key)
    if (last && last.until_ms > now_ms) return last.value

    const found = options.find(key)
    const value = last ? found.catch(() => last.value) : found
    if (entries.size >= options.entries_max) entries.clear()
    entries.set(key, { value, until_ms: now_ms + options.ttl_ms })
    value.catch(() => entries.delete(key))
    return value
  }
}
