import type * as api from './api.ts'
import { levelBy } from './level-by.ts'

/** As `platform` in `api.ts` says. */
export const platform: typeof api.platform = ({ says, on, ...row }, names) => {
  const { analytics, marketing, refused } = { ...row, ...names }
  return { on, read: () => levelBy(says(analytics), says(marketing), refused) }
}
