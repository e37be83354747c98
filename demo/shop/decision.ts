import type { ConsentLevel, ConsentSource } from '@balise/sdk'

const levels: readonly string[] = ['none', 'anonymous', 'analytics', 'marketing'] satisfies ConsentLevel[]

/** What the visitor decided on this shop, kept by the shop and read by Balise: the smallest consent platform there is. */
export const createDecision = (storage: Storage): ConsentSource & { take: (level: ConsentLevel) => void } => {
  const key = 'paniers.level'
  let tell = () => {}
  return {
    read() {
      const kept = storage.getItem(key)
      return kept && levels.includes(kept) ? (kept as ConsentLevel) : undefined
    },
    on(change) {
      tell = change
    },
    take(level) {
      storage.setItem(key, level)
      tell()
    },
  }
}
