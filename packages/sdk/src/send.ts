/**
 * What became of a request, and why. `sent`: the collector's answer follows. `refused`: it will never take it. `lost`: no
 * answer, or not now, and nothing may be asked again for `wait_ms`.
 */
export type Outcome = [verdict: 'sent' | 'refused' | 'lost', why: unknown, wait_ms?: number]

/** How long an answer may take before the request counts as lost. */
const answer_ms_max = 30_000

/** Text, which needs no preflight, without cookies, outliving the page. */
const postOf = (body: string, signal: AbortSignal): RequestInit => ({
  method: 'POST',
  body,
  credentials: 'omit',
  keepalive: true,
  signal,
})

/** Posts `body`. The request outlives the page: `keepalive` is known to Chrome 66, Safari 13 and Firefox 133. */
export const send = async (url: string, body: string): Promise<Outcome> => {
  try {
    // Chrome 103, Safari 16 and Firefox 100 know `timeout`; those before wait as long as the connection does.
    const response = await fetch(url, postOf(body, AbortSignal.timeout?.(answer_ms_max)))
    const { status } = response
    if (response.ok) return ['sent', await response.json()]
    // Seconds (RFC 9110, 10.2.3): a date would need a clock that can be trusted.
    const wait_ms = Number(response.headers.get('retry-after')) * 1_000 || 0
    return [status === 429 || status > 499 ? 'lost' : 'refused', status, wait_ms]
  } catch (error) {
    return ['lost', error]
  }
}

/** Leaves `body` with the browser, which posts it once the page is gone, however it went; the answer calls that off. */
export const sendLater = (url: string, body: string): (() => void) => {
  const call = new AbortController()
  // Chrome 135; TypeScript does not know it yet.
  const { fetchLater } = window as { fetchLater?: typeof fetch }
  fetchLater?.(url, postOf(body, call.signal))
  return () => call.abort()
}
