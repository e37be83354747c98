import type * as api from './api.ts'
import { platform } from './platform.ts'

declare global {
  interface Window {
    OneTrust?: { IsAlertBoxClosed?: () => boolean }
    OnetrustActiveGroups?: string
  }
}

/**
 * As `onetrust` in `api.ts` says. Before the person answers, the active groups are those of the region, which is no
 * decision.
 *
 * https://developer.onetrust.com/onetrust/docs/javascript-events-guide
 */
export const onetrust: typeof api.onetrust = (names) =>
  platform(
    {
      // Performance, targeting.
      analytics: 'C0002',
      marketing: 'C0004',
      // The groups read `,C0001,C0002,`. Until the banner is built, `OneTrust` may stand there without its functions.
      says: (group) =>
        window.OneTrust?.IsAlertBoxClosed?.() ? `,${window.OnetrustActiveGroups},`.includes(`,${group},`) : undefined,
      on(change) {
        addEventListener('OneTrustGroupsUpdated', change)
        addEventListener('OTConsentApplied', change)
      },
    },
    names,
  )
