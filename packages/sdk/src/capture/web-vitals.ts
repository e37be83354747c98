import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals'
import type { Noticing } from '../street.ts'

/**
 * Notices the Web Vitals as Google's library measures them (CLS, FCP, INP, LCP, TTFB), as the custom event `web_vital`
 * with the props `name`, `value` (milliseconds, for CLS the score), `rating` and `navigation_type`. Each is told once
 * per page shown, when it is known or when the page is first hidden, and belongs to the address that was loaded.
 */
export const webVitals = (): Noticing => (tell) => {
  const { href: url } = location
  const told = new Set<string>()

  const note = ({ id, name, value, rating, navigationType: navigation_type }: Metric): void => {
    // CLS and INP are told again at each later hiding; `id` is new for each page shown.
    if (told.has(id)) return
    told.add(id)
    const props = { name, value: Math.round(value * 1_000) / 1_000, rating, navigation_type }
    tell({ kind: 'custom', name: 'web_vital', url, props })
  }
  for (const when of [onCLS, onFCP, onINP, onLCP, onTTFB]) when(note)
}
