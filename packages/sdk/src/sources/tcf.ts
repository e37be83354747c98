import type { ConsentLevel } from '../api.ts'
import type * as api from './api.ts'
import { levelBy } from './level-by.ts'
import { retry } from './retry.ts'

/** As much as is read of `TCData`. */
type Told = {
  eventStatus: string
  gdprApplies?: boolean
  purpose: { consents: { [purpose: string]: boolean } }
  vendor: { consents: { [vendor: string]: boolean } }
}

declare global {
  interface Window {
    __tcfapi?: (command: string, version: number, callback: (told: Told | null) => void) => void
  }
}

/**
 * As `tcf` in `api.ts` says. Legitimate interests count for nothing, and where the GDPR does not apply the framework has
 * no say.
 *
 * https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20CMP%20API%20v2.md#addeventlistener
 */
export const tcf: typeof api.tcf = ({
  // To store on the device; to measure advertising and content, to understand audiences, to improve the service.
  analytics = '1 7 8 9 10',
  // To select advertising, to build a profile for it, to use that profile.
  marketing = '2 3 4',
  refused,
  vendor,
} = {}) => {
  let level: ConsentLevel | undefined
  return {
    read: () => level,
    on: (change) =>
      retry(() => {
        window.__tcfapi?.('addEventListener', 2, (told) => {
          // Not `cmpuishown`: while the banner stands, every consent it tells is false.
          if (!told || told.gdprApplies === false || !/^(tcloaded|useractioncomplete)$/.test(told.eventStatus)) return
          const says = (purposes: string) =>
            purposes.split(' ').every((id) => told.purpose.consents[id] && (!vendor || told.vendor.consents[vendor]))
          level = levelBy(says(analytics), says(marketing), refused)
          change()
        })
        return window.__tcfapi
      }),
  }
}
