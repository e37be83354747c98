/**
 * The public surface of `@balise/sdk/sources/*`, written by hand like the one of `@balise/sdk`: types only, which the
 * build ships as they stand.
 */
import type { ConsentLevel, ConsentSource } from '../api.ts'

/** Which names of a platform mean what. */
export type Names = {
  /** What has to be allowed for `analytics`. */
  analytics?: string
  /** What has to be allowed beside it for `marketing`. */
  marketing?: string
  /** The level of who refuses: `none`, or `anonymous` where the law lets a site count without asking. */
  refused?: ConsentLevel
}

/** A consent platform, told in two functions. */
export type Platform = Required<Pick<Names, 'analytics' | 'marketing'>> & {
  /** Whether the person allows what goes by that name; `undefined` while they have not decided. */
  says: (name: string) => boolean | undefined
  /** Calls `change` whenever `says` may say something else. */
  on: (change: () => void) => void
}

/**
 * Any platform as a source: one row for what it is called, how it is read and how it tells of changes.
 *
 * @example
 * const banner = platform({
 *   analytics: 'statistics',
 *   marketing: 'ads',
 *   says: (name) => myBanner.answers?.[name],
 *   on: (change) => addEventListener('my-banner:answered', change),
 * })
 * balise.consent.connect(banner)
 */
export declare const platform: (row: Platform, names?: Names) => ConsentSource

/**
 * The IAB Transparency & Consent Framework 2.2 and 2.3. Names are purposes, parted by spaces: all of them are needed.
 * With `vendor`, its id in the Global Vendor List, that vendor's consent is needed too.
 *
 * @example balise.consent.connect(tcf({ vendor: '755' }))
 */
export declare const tcf: (names?: Names & { vendor?: string }) => ConsentSource

/**
 * The IAB Global Privacy Platform. Names are purposes of its section for the EU, as for {@link tcf}. Who opted out of a
 * sale, of sharing or of targeted advertising has refused; who did not has the level `silent`, by default whatever the
 * site does without an answer.
 *
 * @example balise.consent.connect(gpp({ silent: 'marketing' }))
 */
export declare const gpp: (names?: Names & { silent?: ConsentLevel }) => ConsentSource

/**
 * Google Consent Mode 2, as `gtag('consent', …)` tells it in `dataLayer`. Names are consent types, parted by spaces: all
 * of them are needed.
 *
 * @example balise.consent.connect(googleConsentMode())
 */
export declare const googleConsentMode: (names?: Names) => ConsentSource

/**
 * OneTrust. Names are cookie categories.
 *
 * @example balise.consent.connect(onetrust({ analytics: 'C0002' }))
 */
export declare const onetrust: (names?: Names) => ConsentSource

/**
 * Didomi. Names are purposes, parted by spaces: all of them are needed.
 *
 * @example balise.consent.connect(didomi({ analytics: 'cookies measure_content_performance' }))
 */
export declare const didomi: (names?: Names) => ConsentSource

/**
 * Cookiebot. Names are its four categories.
 *
 * @example balise.consent.connect(cookiebot())
 */
export declare const cookiebot: (names?: Names) => ConsentSource

/**
 * Axeptio. Names are the vendors of your project; it knows no categories.
 *
 * @example balise.consent.connect(axeptio({ analytics: 'balise', marketing: 'google_ads' }))
 */
export declare const axeptio: (names?: Names) => ConsentSource

/**
 * tarteaucitron. Names are the keys of your services.
 *
 * @example balise.consent.connect(tarteaucitron({ analytics: 'balise', marketing: 'googleads' }))
 */
export declare const tarteaucitron: (names?: Names) => ConsentSource

/**
 * Klaro. Names are the services of your configuration.
 *
 * @example balise.consent.connect(klaro({ analytics: 'balise', marketing: 'google-ads' }))
 */
export declare const klaro: (names?: Names) => ConsentSource
