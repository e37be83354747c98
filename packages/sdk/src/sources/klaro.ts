import type * as api from './api.ts'
import { platform } from './platform.ts'
import { retry } from './retry.ts'

type Manager = {
  /** Whether the person answered. */
  confirmed: boolean
  consents: { [service: string]: boolean }
  watch: (watcher: { update: (manager: Manager, event: string) => void }) => void
}

declare global {
  interface Window {
    klaro?: { defaultConfig?: unknown; getManager: () => Manager }
  }
}

/**
 * As `klaro` in `api.ts` says.
 *
 * https://klaro.org/docs/api/js_api
 */
export const klaro: typeof api.klaro = (names) => {
  let manager: Manager | undefined
  return platform(
    {
      analytics: 'balise',
      marketing: 'balise_marketing',
      says: (service) => (manager?.confirmed ? manager.consents[service] : undefined),
      on: (change) =>
        retry(() => {
          // Klaro's own server may send the configuration long after the script.
          manager = window.klaro?.defaultConfig ? window.klaro.getManager() : undefined
          // `consents` changes with each switch that is touched, and means nothing until it is saved.
          manager?.watch({ update: ({ confirmed }, event) => (event === 'saveConsents' || !confirmed) && change() })
          if (manager) change()
          return manager
        }),
    },
    names,
  )
}
