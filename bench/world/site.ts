import { createZipf, type Random } from './random.ts'

/** A shop with a magazine: what its visitors see, where they come from, what they use. Nothing here is drawn: it is the same in every run. */

/** 2,000 paths, the most visited first. */
export const paths: readonly string[] = [
  '/',
  '/pricing',
  '/docs',
  '/blog',
  '/contact',
  ...range(995, (n) => `/products/${['shoes', 'bags', 'phones', 'tea', 'books'][n % 5]}/item-${n}`),
  ...range(600, (n) => `/blog/${2024 + (n % 3)}/how-to-choose-number-${n}`),
  ...range(400, (n) => `/docs/chapter-${n % 20}/section-${n}`),
]

/** The title of a path's page. */
export const titleOf = (path: string): string =>
  `${path === '/' ? 'Home' : path.slice(1).replaceAll(/[/-]/g, ' ')} · Shop`

/** 500 addresses that visitors come from, the busiest first. */
export const referrers: readonly string[] = [
  'https://www.google.com/',
  'https://www.google.fr/',
  'https://www.facebook.com/',
  'https://duckduckgo.com/',
  'https://t.co/xyz',
  'https://www.linkedin.com/feed/',
  'https://www.bing.com/',
  'https://www.youtube.com/watch',
  'https://chatgpt.com/',
  'https://www.reddit.com/r/analytics/',
  ...range(490, (n) => `https://site-${n}.example/links/${n % 7}`),
]

/** Where each referrer is counted: a name that people know, and GA4's channel. */
export const sources: readonly { source: string; channel: string; referrer: string }[] = referrers.map(
  (referrer, n) => {
    const { hostname, pathname } = new URL(referrer)
    const known =
      n < 10
        ? (['Google', 'Google', 'Facebook', 'DuckDuckGo', 'X', 'LinkedIn', 'Bing', 'YouTube'][n] ?? hostname)
        : hostname
    const channel = [0, 1, 3, 6].includes(n) ? 'Organic Search' : [2, 4, 5].includes(n) ? 'Organic Social' : 'Referral'
    return { source: known, channel, referrer: hostname + pathname }
  },
)

/** 40 API endpoints, the most called first. */
export const endpoints: readonly string[] = range(
  40,
  (n) => `/api/${['cart', 'search', 'stock', 'users'][n % 4]}/v${n}/:id`,
)

/** Names of custom events. */
export const custom_names = ['signup', 'add_to_cart', 'checkout', 'download', 'video_play', 'newsletter'] as const

/** Campaigns that lead here. */
export const campaigns: readonly string[] = range(30, (n) => `season-${n}`)

/** 100 countries by ISO 3166-1, those that send most first. */
export const countries: readonly string[] =
  `FR CM SN CI DE GB US BE CA CH MA TN DZ ES IT NL PT NG GH KE ZA ML BF BJ TG NE TD GA CG CD RW MG MU EG ET TZ UG ZM MZ AO
   IN PK BD CN JP KR VN TH ID MY PH SG AU NZ BR AR CL CO PE MX EC BO UY PY VE CR PA DO GT HN SE NO DK FI IS IE AT PL CZ SK
   HU RO BG GR TR UA RS HR SI LT LV EE IL AE SA QA`.split(/\s+/)

/** Screens, as a page tells them. */
export const screens = [
  '390x844',
  '412x915',
  '1920x1080',
  '360x800',
  '1440x900',
  '1536x864',
  '768x1024',
  '2560x1440',
] as const

/** Languages, as a page tells them. */
export const languages = ['fr-FR', 'fr-CM', 'en-GB', 'en-US', 'de-DE', 'fr-SN', 'es-ES', 'pt-PT', 'ar-MA'] as const

const systems = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'Linux; Android 10; K',
  'iPhone; CPU iPhone OS 18_5 like Mac OS X',
] as const

/** 50 agents of browsers that people use, the commonest first. */
export const agents: readonly string[] = range(50, (n) => {
  const system = systems[n % systems.length] as string
  const version = 130 + Math.floor(n / 5)
  if (system.startsWith('iPhone'))
    return `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.${n % 7} Mobile/15E148 Safari/604.1`
  const chrome = `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0`
  const mobile = system.includes('Android') ? ' Mobile' : ''
  if (n % 4 === 1) return `${chrome}${mobile} Safari/537.36 Edg/${version}.0.0.0`
  if (n % 4 === 2 && !mobile) return `Mozilla/5.0 (${system}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`
  return `${chrome}${mobile} Safari/537.36`
})

/** How visitors reach out, and what they pay in. */
export const contact_channels = ['phone', 'whatsapp', 'email', 'form'] as const
export const currencies = ['EUR', 'XAF', 'USD'] as const

/** 600 devices as the collector reads them: a browser, a system, a screen, a language. */
export const clients = range(600, (n) => {
  const [os, device] = (
    [
      ['Windows', 'desktop'],
      ['Android', 'mobile'],
      ['iOS', 'mobile'],
      ['macOS', 'desktop'],
      ['Android', 'tablet'],
    ] as const
  )[n % 5] ?? ['Linux', 'desktop']
  return {
    browser: ['Chrome', 'Mobile Safari', 'Firefox', 'Edge', 'Samsung Internet'][(n % 7) % 5] ?? 'Chrome',
    browser_version: String(130 + (n % 11)),
    os,
    os_version: String(10 + (n % 6)),
    device,
    screen: screens[n % screens.length] ?? null,
    language: languages[n % languages.length] ?? null,
  }
})

/** How often each kind occurs among a hundred events. */
export const kinds_percent = { page_view: 58, engagement: 18, api_call: 15, custom: 6, contact: 3 } as const

/** Draws an index into each list, with the skew that such lists have. */
export const draw = {
  path: createZipf({ size: paths.length, exponent: 1 }),
  referrer: createZipf({ size: referrers.length, exponent: 1.2 }),
  endpoint: createZipf({ size: endpoints.length, exponent: 0.8 }),
  campaign: createZipf({ size: campaigns.length, exponent: 0.8 }),
  country: createZipf({ size: countries.length, exponent: 1.1 }),
  client: createZipf({ size: clients.length, exponent: 0.9 }),
  agent: createZipf({ size: agents.length, exponent: 0.7 }),
} satisfies Record<string, (random: Random) => number>

function range<Value>(length: number, make: (n: number) => Value): Value[] {
  return Array.from({ length }, (_, index) => make(index))
}
