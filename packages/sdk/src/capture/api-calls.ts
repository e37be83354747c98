import { calm } from '../calm.ts'
import { endpointOf } from '../endpoint.ts'
import type { Noticing } from '../page.ts'

/** What resource timing does not tell, told as such: a made-up `GET` would be a lie. */
const method_unknown = 'UNKNOWN'

/**
 * Notices calls by `fetch` and `XMLHttpRequest` from the browser's own resource timing, without touching either. Where
 * the browser does not tell the status (Safari), nothing is told at all.
 */
export const apiCalls = (): Noticing => ({
  name: 'api-calls',
  start(tell, { window, listen, endpoint, report }) {
    const note = calm((entries: PerformanceEntryList) => {
      for (const {
        name,
        initiatorType,
        responseStatus,
        duration,
        transferSize,
      } of entries as PerformanceResourceTiming[])
        if (/^(fetch|xmlh)/.test(initiatorType) && responseStatus !== undefined && !isOwn(name, endpoint))
          tell({
            kind: 'api_call',
            method: method_unknown,
            endpoint: endpointOf(name, window.location.href),
            status: responseStatus,
            duration_ms: duration,
            bytes: transferSize || undefined,
          })
    }, report)

    const observer = new window.PerformanceObserver((list) => note(list.getEntries()))
    observer.observe({ type: 'resource', buffered: true })
    listen(window.document, 'visibilitychange', () => note(observer.takeRecords()))
  },
})

/** Whether a request is one of ours. The collector may live on the origin of the page's own API. */
const isOwn = (href: string, endpoint: string): boolean => /^\/v1\/(events|privacy)/.test(href.replace(endpoint, ''))
