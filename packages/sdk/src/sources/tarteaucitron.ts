import type * as api from './api.ts'
import { platform } from './platform.ts'

declare global {
  interface Window {
    tarteaucitron?: { state: { [service: string]: boolean } }
  }
}

/**
 * As `tarteaucitron` in `api.ts` says.
 *
 * https://github.com/AmauriC/tarteaucitron.js#custom-events
 */
export const tarteaucitron: typeof api.tarteaucitron = (names) => {
  const { analytics, marketing } = { analytics: 'balise', marketing: 'balise_marketing', ...names }
  return platform(
    {
      analytics,
      marketing,
      // A service that waits for an answer has no state.
      says: (service) => window.tarteaucitron?.state[service],
      on(change) {
        document.addEventListener('tac.consent_updated', change)
        // Whose answer is known from an earlier page is told by no update (tarteaucitron 1.34, `addService`).
        for (const service of `${analytics} ${marketing}`.split(' '))
          document.addEventListener(`${service}_added`, change)
      },
    },
    names,
  )
}
