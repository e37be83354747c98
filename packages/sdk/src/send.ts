/**
 * What became of a request, and what the collector said to it. `sent`: it took it. `refused`: it will never take it.
 * `lost`: no answer, or not now, and nothing may be asked again for `wait_ms`.
 */
export type Outcome = [verdict: 'sent' | 'refused' | 'lost', answer: unknown, wait_ms?: number]

/** How long an answer may take before the request counts as lost. */
const answer_ms_max = 30_000

/** Text, which needs no preflight, without cookies and the page's whole address, outliving the page. */
const postOf = (body: string, signal: AbortSignal): RequestInit => ({
  method: 'POST',
  body,
  credentials: 'omit',
  keepalive: true,
  referrerPolicy: 'origin',
  signal,
})

/** Posts `body`. The request outlives the page: `keepalive` is known to Chrome 66, Safari 13 and Firefox 133. */
export const send = async (url: string, body: string): Promise<Outcome> => {
  try {
    // Chrome 103, Safari 16 and Firefox 100 know `timeout`; those before wait as long as the connection does.
    const response = await fetch(url, postOf(body, AbortSignal.timeout?.(answer_ms_max)))
    const { ok, status } = response
    return [
      ok ? 'sent' : status === 429 || status > 499 ? 'lost' : 'refused',
      // A proxy in between may say what is no JSON.
      await response.json().catch(() => status),
      // Seconds (RFC 9110, 10.2.3): a date would need a clock that can be trusted.
      +(response.headers.get('retry-after') as string) * 1_000 || 0,
    ]
  } catch (error) {
    return ['lost', error]
  }
}

/** Leaves `body` with the browser, which posts it once the page is gone, however it went; the answer calls that off. */
export const sendLater = (url: string, body: string): (() => void) => {
  const call = new AbortController()
  // Chrome 135; TypeScript does not know it yet.
  ;(window as { fetchLater?: typeof fetch }).fetchLater?.(url, postOf(body, call.signal))
  return () => call.abort()
}

/** About a minute: what is insured names the time of the last try, and the collector tolerates as much. */
const backoff_doublings_max = 5

/** How long to wait after the nth failure in a row, from 0: a second or two, then ever longer, never all at the same time. */
export const retryIn_ms = (failures: number): number =>
  1_000 * 2 ** Math.min(failures, backoff_doublings_max) * (1 + Math.random())
