/**
 * What a browser tells of itself in `Sec-CH-UA…` headers, as it was sent; `''` where it was not. Chromium sends the
 * first three to every secure origin, the others to an origin that asks for them (`Accept-CH`) and is delegated to.
 *
 * Source: https://wicg.github.io/ua-client-hints/
 */
export type Hints = {
  /** `"Google Chrome";v="150", "Chromium";v="150", "Not-A.Brand";v="24"`: the product, its engine, and grease. */
  brands: string
  /** `?1` where a mobile page is preferred. */
  mobile: string
  /** `"Windows"`. */
  platform: string
  /** `"15.0.0"`. */
  platform_version: string
  /** `"Tablet"`, or several: `"Desktop", "XR"`. */
  form_factors: string
}

/** An agent and the hints beside it: all that a request tells of the program that sent it. */
export type Told = Hints & { agent: string }

/** No hints: any browser that is not made of Chromium, and any page without TLS. */
export const noHints: Hints = { brands: '', mobile: '', platform: '', platform_version: '', form_factors: '' }

/** The brands of a hint with their major versions, in the browser's order. */
export const brandsOf = (hint: string): [brand: string, version: string][] =>
  [...hint.matchAll(/"([^"]*)"\s*;\s*v\s*=\s*"(\d*)/g)].map(([, brand = '', version = '']) => [brand, version])

/** A hint that is one quoted text: `"Chrome OS"` gives `Chrome OS`. */
export const unquoted = (hint: string): string => hint.replaceAll('"', '').trim()

/** The part of a version before its first dot; `null` where there is none. */
export const majorOf = (version: string | undefined): string | null => version?.split('.')[0] || null
