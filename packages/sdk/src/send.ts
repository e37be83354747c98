/**
 * What became of a request, and why. `sent`: the collector's answer follows. `refused`: it will never take it. `lost`: no
 * answer, or not now, and nothing may be asked again for `wait_ms`.
 */
export type Outcome = [verdict: 'sent' | 'refused' | 'lost', why: unknown, wait_ms?: number]

/** How long an answer may take before the request counts as lost. */
const answer_ms_max = 30_000

/**
 * Posts `body` as text, which needs no preflight, without cookies, and outliving the page. A page that dies in a browser
 * without `keepalive` (Firefox before 133) leaves a beacon, whose answer nobody sees.
 */
export const send = async (url: string, body: string, dying?: boolean): Promise<Outcome> => {
  if (dying && !('keepalive' in Request.prototype) && navigator.sendBeacon(url, body)) return ['sent', 'beacon']
  try {
    // Chrome 103, Safari 16 and Firefox 100 know `timeout`; those before wait as long as the connection does.
    const signal = AbortSignal.timeout?.(answer_ms_max)
    const response = await fetch(url, { method: 'POST', body, keepalive: true, credentials: 'omit', signal })
    const { status } = response
    if (response.ok) return ['sent', await response.json()]
    // Seconds (RFC 9110, 10.2.3): a date would need a clock that can be trusted.
    const wait_ms = Number(response.headers.get('retry-after')) * 1_000 || 0
    return [status === 429 || status > 499 ? 'lost' : 'refused', status, wait_ms]
  } catch (error) {
    return ['lost', error]
  }
}
