import type * as api from './api.ts'
import { levelBy } from './level-by.ts'

/** What `gtag` pushes is its `arguments`: `['consent', 'update', { analytics_storage: 'granted' }]`. */
type Entry = { readonly [nth: number]: unknown } | null | undefined

declare global {
  interface Window {
    dataLayer?: Entry[]
  }
}

/**
 * As `googleConsentMode` in `api.ts` says. A `default` decides nothing, it says what an `update` leaves out; and because
 * a page cannot know which region its visitor is in, one default that denies is enough. `wait_for_update` needs no care:
 * who has not answered is undecided, for as long as it takes.
 *
 * https://developers.google.com/tag-platform/security/guides/consent
 */
export const googleConsentMode: typeof api.googleConsentMode = ({
  analytics = 'analytics_storage',
  marketing = 'ad_storage ad_user_data ad_personalization',
  refused,
} = {}) => {
  const state: { [type: string]: unknown } = {}
  let isDecided: boolean | undefined
  const says = (types: string): boolean | undefined =>
    isDecided && types.split(' ').every((type) => state[type] === 'granted')

  return {
    read: () => levelBy(says(analytics), says(marketing), refused),
    on(change) {
      const hear = (entry: Entry): void => {
        if (entry?.[0] !== 'consent') return
        const isUpdate = entry[1] === 'update'
        for (const [type, answer] of Object.entries(entry[2] || {})) {
          if (isUpdate || state[type] !== 'denied') state[type] = answer
          // One that tells of security or personalization alone answers another question.
          if (isUpdate && /^a/.test(type)) isDecided = true
        }
        if (isUpdate) change()
      }

      const layer = window.dataLayer || []
      window.dataLayer = layer
      layer.forEach(hear)
      const { push } = layer
      layer.push = (...entries) => {
        entries.forEach(hear)
        return push.apply(layer, entries)
      }
    },
  }
}
