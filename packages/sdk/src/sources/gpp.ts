import type { ConsentLevel } from '../api.ts'
import type * as api from './api.ts'
import { levelBy } from './level-by.ts'
import { retry } from './retry.ts'

/** As much as is read of `EventListener`. */
type Told = { pingData: { signalStatus: string; parsedSections?: unknown } }

declare global {
  interface Window {
    __gpp?: (command: string, callback: (told: Told) => void) => void
  }
}

/**
 * As `gpp` in `api.ts` says. One opt-out in any section is an opt-out. While the platform is not ready its last word
 * stands.
 *
 * https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform/blob/main/Core/CMP%20API%20Specification.md#addeventlistener
 */
export const gpp: typeof api.gpp = ({ analytics = '1 7 8 9 10', marketing = '2 3 4', refused, silent } = {}) => {
  let level: ConsentLevel | undefined
  return {
    read: () => level,
    on: (change) =>
      retry(() => {
        window.__gpp?.('addEventListener', ({ pingData }) => {
          if (pingData.signalStatus !== 'ready') return
          // As one text: whether a platform merges sub-sections or lists them, a field looks the same.
          const sections = JSON.stringify(pingData.parsedSections)
          // An opt-out of a sale, of sharing, of targeted advertising, each its own field, or Global Privacy Control
          // leaves no consent. `PurposeConsents` holds one boolean for each purpose (`PurposeConsent` where a platform
          // keeps to the specification rather than to its library).
          const isOut = /(OptOut|Gpc)":[1t]/.test(sections)
          const consents = isOut ? [] : /eConsents?":\[(.*?)]/.exec(sections)?.[1]?.split(',')
          const says = (purposes: string): boolean | undefined =>
            consents && purposes.split(' ').every((id) => consents[+id - 1] === 'true')
          level = levelBy(says(analytics), says(marketing), refused) || silent
          change()
        })
        return window.__gpp
      }),
  }
}
