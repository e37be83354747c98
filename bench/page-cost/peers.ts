/** A tracker by someone else, as its npm package brings it. */
export type Peer = {
  name: string
  package: string
  /** The minified script that the package holds for a page to load. Without one, `start` is bundled with what it imports. */
  script?: string
  /** What has to stand on the page before that script. */
  before?: string
  /**
   * Starts it as its own documentation does, with `stats` for its collector, and gives the page `tell()`, which tells one
   * custom event with two properties. Without it the tracker knows no custom events, and only its size counts.
   */
  start?: string
  /** What its collector says to a GET of these paths, before it lets an event through. */
  answers?: { readonly [path: string]: unknown }
}

/** Those that npm has under a licence that lets anyone measure them. Umami, Vercel, GoatCounter and Matomo publish none. */
export const peers: readonly Peer[] = [
  { name: 'Counterscale', package: '@counterscale/tracker', script: 'dist/loader/tracker.js' },
  {
    name: 'Plausible',
    package: '@plausible-analytics/tracker',
    start: `import { init, track } from '@plausible-analytics/tracker'
      init({ domain: 'shop.example', endpoint: stats + '/api/event', outboundLinks: true })
      window.tell = () => track('bought', { props: { product: 'basket-12', price: '49' } })`,
  },
  {
    name: 'OpenPanel',
    package: '@openpanel/web',
    start: `import { OpenPanel } from '@openpanel/web'
      const panel = new OpenPanel({ clientId: 'shop', apiUrl: stats, trackScreenViews: true, trackOutgoingLinks: true })
      window.tell = () => panel.track('bought', { product: 'basket-12', price: 49 })`,
  },
  { name: 'web-vitals, alone', package: 'web-vitals', script: 'dist/web-vitals.iife.js' },
  {
    name: 'Swetrix',
    package: 'swetrix',
    script: 'dist/swetrix.js',
    start: `swetrix.init('shop', { apiURL: stats + '/log', devMode: true })
      swetrix.trackViews()
      window.tell = () => swetrix.track({ ev: 'bought', meta: { product: 'basket-12', price: '49' } })`,
  },
  {
    name: 'Snowplow',
    package: '@snowplow/browser-tracker',
    script: 'dist/index.umd.min.js',
    start: `snowplowBrowserTracking.newTracker('shop', stats, { appId: 'shop' })
      snowplowBrowserTracking.trackPageView()
      window.tell = () => snowplowBrowserTracking.trackSelfDescribingEvent({ event: {
        schema: 'iglu:example.shop/bought/jsonschema/1-0-0', data: { product: 'basket-12', price: 49 } } })`,
  },
  {
    name: 'Segment',
    package: '@segment/analytics-next',
    script: 'dist/umd/standalone.js',
    before: `window.analytics = Object.assign([['page']], { _writeKey: 'shop', _cdn: stats, _loadOptions: {
      integrations: { 'Segment.io': { apiHost: stats.replace('http://', ''), protocol: 'http' } } } })`,
    start: `window.tell = () => analytics.track('bought', { product: 'basket-12', price: 49 })`,
    answers: { '/v1/projects/shop/settings': { integrations: { 'Segment.io': { apiKey: 'shop' } } } },
  },
  {
    name: 'Mixpanel',
    package: 'mixpanel-browser',
    script: 'dist/mixpanel.min.js',
    before: `window.mixpanel = Object.assign([], { __SV: 1.2, _i: [] })`,
    start: `mixpanel.init('shop', { api_host: stats, track_pageview: true })
      window.tell = () => mixpanel.track('bought', { product: 'basket-12', price: 49 })`,
  },
  {
    name: 'Amplitude',
    package: '@amplitude/analytics-browser',
    script: 'lib/scripts/amplitude-min.js',
    start: `amplitude.init('shop', { serverUrl: stats + '/2/httpapi', remoteConfig: { fetchRemoteConfig: false } })
      window.tell = () => amplitude.track('bought', { product: 'basket-12', price: 49 })`,
  },
  {
    name: 'RudderStack',
    package: '@rudderstack/analytics-js',
    start: `import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'
      const analytics = new RudderAnalytics()
      analytics.load('shop', stats, { configUrl: stats })
      analytics.page()
      window.tell = () => analytics.track('bought', { product: 'basket-12', price: 49 })`,
    answers: {
      '/sourceConfig/': {
        source: {
          id: 'shop',
          name: 'shop',
          writeKey: 'shop',
          enabled: true,
          workspaceId: 'shop',
          config: {},
          destinations: [],
        },
      },
    },
  },
  {
    name: 'PostHog',
    package: 'posthog-js',
    script: 'dist/array.js',
    before: `window.posthog = Object.assign([], { __SV: 1, _i: [['shop', { api_host: stats }, undefined]] })`,
    start: `window.tell = () => posthog.capture('bought', { product: 'basket-12', price: 49 })`,
  },
]
