import { calm } from '../calm.ts'
import { endpointOf } from '../endpoint.ts'
import { onHide } from '../listen.ts'
import type { Noticing } from '../street.ts'

/** Our own requests, wherever they go. */
const own = /\/v1\/(events|privacy\/erasures)$/

/**
 * Notices calls by `fetch` and `XMLHttpRequest` from the browser's own resource timing, without touching either. It
 * does not tell the method; where it does not tell the status (Safari), nothing is told at all.
 */
export const apiCalls = (): Noticing => (tell) => {
  const note = calm((entries: PerformanceEntryList) => {
    for (const {
      name,
      initiatorType,
      responseStatus,
      duration,
      transferSize,
    } of entries as PerformanceResourceTiming[])
      if (/^(fetch|xml)/.test(initiatorType) && responseStatus >= 0 && !own.test(name))
        tell({
          kind: 'api_call',
          endpoint: endpointOf(name),
          status: responseStatus,
          duration_ms: Math.round(duration),
          // 0 where another origin does not tell.
          bytes: transferSize || undefined,
        })
  })

  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ type: 'resource', buffered: true })
  onHide(() => note(observer.takeRecords()))
}
