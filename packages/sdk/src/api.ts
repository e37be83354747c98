/**
 * The public surface of `@balise/sdk`, written by hand. It imports nothing and holds types only: the build ships this
 * very file as `index.d.ts`, and a test holds the code to it.
 */

/**
 * What a visitor allows, from least to most. `none`: nothing is read, kept or sent. `anonymous`: memory only.
 * `analytics`: a first-party secret in this browser, 13 months at most. `marketing`: also click ids and `identify`.
 */
export type ConsentLevel = 'none' | 'anonymous' | 'analytics' | 'marketing'

/** Free properties of an event: at most 30, texts of at most 500 characters. */
export type Props = { readonly [name: string]: string | number | boolean }

/** Money, its amount as text so that nothing is rounded on the way: `{ amount: '4900.50', currency: 'XAF' }`. */
export type Revenue = { amount: string; currency: string }

/** A page view told by hand; what is left out is read from the document. */
export type PageView = { url?: string; title?: string; referrer?: string; props?: Props }

/** A call to an API. `endpoint` may be a whole URL: it is templated to `/users/:id`. `status` 0: no answer came. */
export type ApiCall = {
  method: string
  endpoint: string
  status: number
  duration_ms: number
  bytes?: number
  props?: Props
}

/** Someone reaching out. `target` is the number or address reached; the edge keeps a keyed hash of it only. */
export type Contact = {
  channel: 'phone' | 'email' | 'whatsapp' | 'sms' | 'form' | 'chat' | 'map' | 'other'
  target?: string
  props?: Props
}

/** An event on its way, by its kind. The names are those of the wire. */
export type TrackedEvent = Tracked &
  (
    | { kind: 'page_view' }
    | {
        kind: 'api_call'
        method?: string | undefined
        endpoint: string
        status: number
        duration_ms: number
        bytes?: number | undefined
      }
    | { kind: 'contact'; channel: Contact['channel']; target?: string | undefined }
    | { kind: 'custom'; name: string; revenue?: Revenue | undefined }
    | { kind: 'engagement'; engaged_ms: number; scroll_percent?: number | undefined }
  )

/** What events of all kinds hold. */
type Tracked = {
  /** A UUIDv7, by which the event is stored once. */
  id: string
  /** The device's clock, in milliseconds since 1970. */
  at: number
  url: string
  title?: string | undefined
  referrer?: string | undefined
  props?: Props | undefined
}

/** What the collector said to a batch: what became of its events, or why it takes none of them. */
export type Answer =
  | {
      accepted: number
      /** Stored before; absent where the write comes later. */
      duplicate?: number
      refused: { id: string | null; reason: string; detail?: string }[]
    }
  | {
      /** Stable, such as `unknown_site`. */
      code: string
      status: number
      /** What to do about it. */
      title: string
    }

/**
 * The custom events of a site, each with its props; `undefined` for one that has none.
 *
 * @example type Events = { signup: { plan: 'free' | 'pro' }; logout: undefined }
 */
export type EventMap<Events = { [name: string]: Props | undefined }> = { [Name in keyof Events]: Props | undefined }

/** What `track` takes after the name: the props, which may be left out where none are needed. */
export type TrackArgs<Given extends Props | undefined> =
  Record<never, never> extends Given
    ? [props?: Given, options?: TrackOptions]
    : undefined extends Given
      ? [props?: Given, options?: TrackOptions]
      : [props: Given, options?: TrackOptions]

/** What a custom event may carry beside its props. */
export type TrackOptions = { revenue?: Revenue }

/** A consent platform: `read` answers what the person decided, `undefined` while they have not. */
export type ConsentSource = {
  read: () => ConsentLevel | undefined
  /** Calls `change` after each decision. */
  on: (change: () => void) => void
}

/** What an erasure did, as the collector keeps it. It names nobody. */
export type ErasureReceipt = {
  id: string
  site: string
  subject: 'visitor' | 'user'
  /** ISO 8601. */
  at: string
  erased: { events: number }
  suppressed: number
}

/** Something that notices by itself, such as {@link pageViews} or {@link contacts}. */
export type Capture = (tell: never, address: never) => void

/** Which API calls count: beginnings of endpoints as they are told, such as `/api/` or `api.example.com/v2/`. */
export type Counted = {
  /** Only these. By default all. */
  allow?: readonly string[] | undefined
  /** These never, whatever `allow` says. */
  deny?: readonly string[] | undefined
}

/** What every door needs to know. */
export type Destination = {
  /** The public key of the site. */
  site: string
  /** Where the collector answers: `https://stats.example.com`, or a path of this site such as `/b`. */
  endpoint: string
  /** Prints what is sent, held and refused, and why. */
  debug?: boolean
  /**
   * Where the page is; by default its address without the fragment. Another address is another page view. See
   * {@link hashAddress} and {@link canonicalAddress}.
   */
  address?: (() => string) | undefined
  /**
   * Finds, in their names, the query parameters to keep beside the campaign's. What they hold is scrubbed.
   *
   * @example allow_query: /^(page|category)$/
   */
  allow_query?: RegExp | undefined
  /**
   * Sees each event as it is told, before it is scrubbed and kept: give it back, changed or as it is, or `null` to drop it.
   * What it adds is scrubbed too. An event over which it throws is dropped.
   *
   * @example before_send: (event) => (event.url.includes('/admin') ? null : event)
   */
  before_send?: ((event: TrackedEvent) => TrackedEvent | null) | undefined
}

/** What {@link createBalise} takes. */
export type Options = Destination & {
  /** What is noticed without a call; by default `[pageViews()]`. Only what is imported is bundled. */
  capture?: readonly Capture[]
  /** The level that holds until the visitor decides; by default `anonymous`. At `none` events wait in memory. */
  consent?: ConsentLevel
}

/** What a visitor allows, and how the page says so. */
export type Consent = {
  /**
   * What the visitor decided on this site. Lowering erases at once what the lower level may not keep.
   *
   * @example balise.consent.set('analytics')
   */
  set: (level: ConsentLevel) => void
  /** The level in force: opt-out, then GPC and Do Not Track, then the visitor's decision, then the default. */
  get: () => ConsentLevel
  /**
   * Follows a consent platform. While it is undecided the level never rises.
   *
   * @example balise.consent.connect({ read: () => banner.level, on: (change) => banner.addEventListener('change', change) })
   */
  connect: (source: ConsentSource) => void
}

/** One site's tracker on one page. Nothing here ever throws into the page. */
export type Balise<Events extends EventMap<Events> = EventMap> = {
  /** @example balise.trackPageView({ url: '/virtual/step-2', title: 'Step 2' }) */
  trackPageView: (options?: PageView) => void
  /** @example balise.trackApiCall({ method: 'GET', endpoint: '/users/123', status: 200, duration_ms: 41 }) */
  trackApiCall: (call: ApiCall) => void
  /** @example balise.trackContact({ channel: 'phone', target: '+237600000000' }) */
  trackContact: (contact: Contact) => void
  /** @example balise.track('signup', { plan: 'pro' }, { revenue: { amount: '4900', currency: 'XAF' } }) */
  track: <Name extends keyof Events & string>(name: Name, ...rest: TrackArgs<Events[Name]>) => void
  /**
   * Adds something that notices, after the start: a module that came later, or only where it is wanted.
   *
   * @example import('@balise/sdk/vitals').then(({ webVitals }) => balise.notice(webVitals()))
   */
  notice: (capture: Capture) => void
  /**
   * The site's own id of who is signed in, at most 200 characters. Kept in memory, sent only at `marketing`.
   *
   * @example balise.identify('customer-4711')
   */
  identify: (user: string) => void
  /** See {@link Consent}. */
  consent: Consent
  /**
   * Stops counting this browser, and remembers it: the flag is the one thing stored. `optOut(false)` takes it back.
   *
   * @example balise.optOut()
   */
  optOut: (out?: boolean) => void
  /**
   * Asks the collector to erase this visitor and forgets them here. The level is `none` until `consent.set`. Gives the
   * receipt, or null where there was nobody to erase or no answer came; then the secret stays, so that it can be asked
   * again.
   *
   * @example const receipt = await balise.forget()
   */
  forget: () => Promise<ErasureReceipt | null>
  /**
   * Sends what waits, and resolves when it was tried: with what the collector said to each batch. Empty where nothing could
   * be sent, or nobody answered; then it is tried again.
   *
   * @example const answers = await balise.flush()
   */
  flush: () => Promise<Answer[]>
  /** Sends what waits and notices nothing more. */
  stop: () => void
}

/**
 * Opens one site's tracker. On a server it does nothing. With a type of its own the compiler knows the site's custom
 * events, their names and props.
 *
 * @example const balise = createBalise({ site: 'demo', endpoint: 'https://stats.example.com', capture: [pageViews(), contacts()] })
 * @example const balise = createBalise<{ signup: { plan: 'free' | 'pro' } }>({ site: 'demo', endpoint: '/b' })
 */
export declare const createBalise: <Events extends EventMap<Events> = EventMap>(options: Options) => Balise<Events>

/**
 * Counts page views and nothing else, at level `anonymous`, silent under GPC and Do Not Track: for a page that has no
 * use for the rest and wants the fewest bytes. On a server it does nothing. An opt-out is a matter of
 * {@link createBalise}.
 *
 * @example countPageViews({ site: 'demo', endpoint: 'https://stats.example.com' })
 */
export declare const countPageViews: (destination: Destination) => void

/**
 * For a router that keeps its page behind the `#`: `https://shop.example/#/products/1` is the page `/products/1`.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', address: hashAddress() })
 */
export declare const hashAddress: () => () => string

/**
 * A page that names its canonical address (`<link rel="canonical">`) counts under it, with the query it was opened by.
 * Pages that a router shows later count under their own: routers renew that link too late, or never.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', address: canonicalAddress() })
 */
export declare const canonicalAddress: () => () => string

/**
 * Notices each page shown, once: on load, in single-page routers, after prerendering and on return from the cache. In a
 * router an address counts once it has held for 100 ms, so that a redirect is one view.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [pageViews()] })
 */
export declare const pageViews: () => Capture

/**
 * Notices links to phone, mail, SMS, WhatsApp, Telegram, Messenger, Signal and maps, without delaying them, and submitted
 * forms that carry `data-balise-form`; its value becomes the property `form`.
 *
 * @example <form data-balise-form="quote">
 */
export declare const contacts: () => Capture

/**
 * Notices how long a page had the visitor's attention and how far they scrolled.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [pageViews(), engagement()] })
 */
export declare const engagement: () => Capture

/**
 * Notices links to another host (`outbound_link`) and to files (`file_download`, by the `download` attribute or by the
 * ending), as custom events with the props `url` and `host`.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [pageViews(), outbound()] })
 */
export declare const outbound: () => Capture

/**
 * Notices what the page's HTML names: pressing the element, or submitting the form, is the custom event `signup` with the
 * property `plan`.
 *
 * @example <button data-balise-event="signup" data-balise-prop-plan="pro">
 */
export declare const markedEvents: () => Capture

/**
 * Notices calls by `fetch` and `XMLHttpRequest`, without touching either: endpoint, status, time and bytes. The method is
 * unknown, and in Safari everything is.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [apiCalls({ deny: ['/api/health'] })] })
 */
export declare const apiCalls: (counted?: Counted) => Capture

/**
 * Notices calls by standing before `fetch` and `XMLHttpRequest`: also their method, and those that failed (status 0) or
 * were aborted (the property `aborted`). Requests, answers, streams and errors pass as they are. Instead of
 * {@link apiCalls}, not beside it.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [wrappedApiCalls({ allow: ['/api/'] })] })
 */
export declare const wrappedApiCalls: (counted?: Counted) => Capture

/**
 * Notices errors that nobody caught, each once and at most 20 per page, as the custom event `js_error` with the props
 * `message` and, where it is known, `source`: the first frame's file and line.
 *
 * @example createBalise({ site: 'demo', endpoint: '/b', capture: [pageViews(), jsErrors()] })
 */
export declare const jsErrors: () => Capture
