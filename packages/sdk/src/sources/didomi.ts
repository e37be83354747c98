import type * as api from './api.ts'
import { platform } from './platform.ts'

type Didomi = {
  shouldUserStatusBeCollected: () => boolean
  getCurrentUserStatus: () => { regulation?: string; purposes: { [purpose: string]: { enabled: boolean } } }
}

declare global {
  interface Window {
    didomiOnReady?: unknown[]
    didomiEventListeners?: unknown[]
  }
}

/**
 * As `didomi` in `api.ts` says. Where no regulation applies nobody is asked, which is no decision.
 *
 * https://developers.didomi.io/cmp/web-sdk/reference/api and https://developers.didomi.io/cmp/web-sdk/reference/events
 */
export const didomi: typeof api.didomi = (names) => {
  let ready: Didomi | undefined
  return platform(
    {
      analytics: 'cookies measure_content_performance',
      marketing: 'create_ads_profile select_personalized_ads',
      says(list) {
        if (!ready || ready.shouldUserStatusBeCollected()) return undefined
        const { regulation, purposes } = ready.getCurrentUserStatus()
        return regulation === 'none' ? undefined : list.split(' ').every((purpose) => purposes[purpose]?.enabled)
      },
      on(change) {
        window.didomiEventListeners = window.didomiEventListeners || []
        window.didomiEventListeners.push({ event: 'consent.changed', listener: change })
        window.didomiOnReady = window.didomiOnReady || []
        window.didomiOnReady.push((didomi: Didomi) => {
          ready = didomi
          change()
        })
      },
    },
    names,
  )
}
