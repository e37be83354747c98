/**
 * The public surface of `@balise/sdk/vitals`, written by hand like the one of `@balise/sdk`: types only, which the build
 * ships as they stand.
 */

/**
 * Notices the Web Vitals as Google's library measures them (CLS, FCP, INP, LCP, TTFB), as the custom event `web_vital`
 * with the props `name`, `value` (milliseconds, for CLS the score), `rating` and `navigation_type`. Each is told once
 * per page shown, when it is known or when the page is first hidden, and belongs to the address that was loaded.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [pageViews(), webVitals()] })
 */
export declare const webVitals: () => (tell: never, address: never) => void
