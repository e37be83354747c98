/** How much room a screen gives, from a small phone's to a wide desk's. It tells the size, not the thing. */
export type Screen = 'phone-small' | 'phone' | 'phone-large' | 'tablet' | 'laptop' | 'desktop' | 'desktop-wide'

/** The first row that a screen fits into is its class: narrower side and wider side below, in CSS pixels. */
const classes: readonly [screen: Screen, narrow_below: number, wide_below: number][] = [
  ['phone-small', 360, Number.POSITIVE_INFINITY],
  ['phone', 414, Number.POSITIVE_INFINITY],
  ['phone-large', 600, Number.POSITIVE_INFINITY],
  ['tablet', Number.POSITIVE_INFINITY, 1200],
  ['laptop', Number.POSITIVE_INFINITY, 1680],
  ['desktop', Number.POSITIVE_INFINITY, 2560],
  ['desktop-wide', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
]

/**
 * The class of a screen, given as `1440x900`; `null` for one of no size. Only the class is kept: of all that a browser
 * tells of a computer, the exact size is among what tells people apart, with 4.8 bits (Eckersley 2010,
 * https://coveryourtracks.eff.org/static/browser-uniqueness.pdf).
 */
export const screenOf = (size: string): Screen | null => {
  const [width = 0, height = 0] = size.split('x').map(Number)
  const [narrow, wide] = [Math.min(width, height), Math.max(width, height)]
  if (!narrow) return null
  return classes.find(([, narrow_below, wide_below]) => narrow < narrow_below && wide < wide_below)?.[0] ?? null
}
