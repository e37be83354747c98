import type * as api from './api.ts'
import { platform } from './platform.ts'

declare global {
  interface Window {
    Cookiebot?: { hasResponse: boolean; consent: { [category: string]: boolean } }
  }
}

/**
 * As `cookiebot` in `api.ts` says.
 *
 * https://www.cookiebot.com/en/developer/
 */
export const cookiebot: typeof api.cookiebot = (names) =>
  platform(
    {
      analytics: 'statistics',
      marketing: 'marketing',
      says: (category) => (window.Cookiebot?.hasResponse ? window.Cookiebot.consent[category] : undefined),
      on(change) {
        for (const moment of ['ConsentReady', 'Accept', 'Decline']) addEventListener(`CookiebotOn${moment}`, change)
      },
    },
    names,
  )
