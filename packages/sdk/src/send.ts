import type { Browser } from './world.ts'

/**
 * What became of a request. `sent`: the collector answered `why`. `refused`: it will
 * never take it. `lost`: no answer, or not now; nothing may be asked again for `wait_ms`.
 */
export type Outcome = { verdict: 'sent' | 'refused' | 'lost'; why: unknown; wait_ms: number }

/** How long an answer may take before the request counts as lost. */
const answer_ms_max = 30_000

/** How everything is posted: as text, which needs no preflight, without cookies, and outliving the page. */
export const post = { method: 'POST', keepalive: true, credentials: 'omit' } as const

/**
 * Posts `body` to `url`. A page that dies in a browser without `keepalive` (Firefox before 133) leaves a beacon, whose
 * answer nobody sees.
 */
export const send = async (window: Browser, url: string, body: string, dying?: boolean): Promise<Outcome> => {
  if (dying && !('keepalive' in window.Request.prototype) && window.navigator.sendBeacon(url, body))
    return { verdict: 'sent', why: 'beacon', wait_ms: 0 }
  try {
    // Chrome 103, Safari 16 and Firefox 100 know `timeout`; the ones before wait as long as the connection does.
    const signal = window.AbortSignal.timeout ? window.AbortSignal.timeout(answer_ms_max) : null
    return await outcomeOf(await window.fetch(url, { ...post, body, signal }))
  } catch (error) {
    return { verdict: 'lost', why: error, wait_ms: 0 }
  }
}

const outcomeOf = async (response: Response): Promise<Outcome> => {
  const { status } = response
  if (response.ok) return { verdict: 'sent', why: await response.json(), wait_ms: 0 }
  const passes = status > 499 || status === 429 || status === 408
  return { verdict: passes ? 'lost' : 'refused', why: status, wait_ms: waitOf(response.headers.get('retry-after')) }
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110, 10.2.3). */
const waitOf = (header: string | null): number =>
  Math.max(0, Number(header) * 1000 || Date.parse(header || '') - Date.now() || 0)
