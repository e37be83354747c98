import type { Counted } from '../api.ts'
import { calm } from '../calm.ts'
import { onHide } from '../listen.ts'
import type { Noticing } from '../street.ts'
import { countedEndpoint } from './counted-endpoint.ts'

/**
 * Notices calls by `fetch` and `XMLHttpRequest` from the browser's own resource timing, without touching either. It
 * does not tell the method; where it does not tell the status (Safari), nothing is told at all.
 */
export const apiCalls =
  (counted: Counted = {}): Noticing =>
  (tell) => {
    const endpointAt = countedEndpoint(counted)
    const note = calm((entries: PerformanceEntryList) => {
      for (const entry of entries as PerformanceResourceTiming[]) {
        const { name, initiatorType, responseStatus, duration, transferSize } = entry
        const endpoint = /^(fetch|xml)/.test(initiatorType) && responseStatus >= 0 && endpointAt(name)
        if (endpoint)
          tell({
            kind: 'api_call',
            endpoint,
            status: responseStatus,
            duration_ms: duration,
            // 0 where another origin does not tell.
            bytes: transferSize || undefined,
          })
      }
    })

    const observer = new PerformanceObserver((list) => note(list.getEntries()))
    observer.observe({ type: 'resource', buffered: true })
    onHide(() => note(observer.takeRecords()))
  }
