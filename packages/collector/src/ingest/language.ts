/** A language, perhaps a script, perhaps a region, and what else a browser may append: BCP 47, or with underscores. */
const tag = /^([a-z]{2,3})(?:[-_][a-z]{4})?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_][\da-z]+)*$/i

/**
 * A language tag cut down to language and region, written as BCP 47 recommends: `fr_cm` becomes `fr-CM`, `zh-Hans-CN`
 * `zh-CN`. `null` for what is no language. Variants and extensions (`de-DE-1996-u-co-phonebk`) go: they are rare, so they
 * tell people apart.
 */
export const languageOf = (text: string): string | null => {
  const [, language, region] = tag.exec(text) ?? []
  if (!language || language.toLowerCase() === 'und') return null
  return region ? `${language.toLowerCase()}-${region.toUpperCase()}` : language.toLowerCase()
}
