import type { ConsentLevel } from '@balise/shared/wire/consent'

/** Query parameters that name a campaign. */
const campaign = /^utm_/

/** Query parameters that name a click. They point at one person, so only at `marketing`. */
const click = /^(gclid|gbraid|wbraid|dclid|fbclid|msclkid|ttclid|twclid|li_fat_id|yclid)$/

const email = /[^\s/?&=#:@]+?(@|%40)[^\s/?&=#@%]+\.[a-z]{2,}/gi

/**
 * A URL as it may leave the browser: no user, no fragment, of its query only the campaign (and at `marketing` the
 * click), no e-mail address. What is no URL gives `''`.
 */
export const scrubUrl = (href: string, base: string, level: ConsentLevel): string => {
  const url = urlOf(href, base)
  if (!url) return ''
  const kept = [...url.searchParams].filter(
    ([name]) => campaign.test(name) || (level === 'marketing' && click.test(name)),
  )
  return scrub(`${url.protocol}//${url.host}${url.pathname}${kept[0] ? `?${new URLSearchParams(kept)}` : ''}`)
}

/** A text with the e-mail addresses cut out. */
export const scrub = (text: string): string => text.replace(email, ':email')

/** `URL.canParse` is younger than the browsers we serve, so the refusal has to be caught. */
const urlOf = (href: string, base: string): URL | undefined => {
  try {
    return new URL(href, base)
  } catch {
    return undefined
  }
}
