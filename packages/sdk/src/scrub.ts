import type { ConsentLevel } from '@balise/shared/wire/consent'

/** The query parameters that name no campaign. */
const unneeded = /[?&](?!utm_)[^&]*/g

/** Those that name no click either, such as `gclid`, `msclkid`, `gbraid`: a click points at one person. */
const unneeded_for_marketing = /[?&](?!utm_|[^&=]*(clk?id|braid)=)[^&]*/g

const email = /[^\s/?&=#:@]+?(@|%40)[^\s/?&=#@%]+\.[a-z]{2,}/gi

/**
 * An address as it may leave the browser: no user, no fragment, of its query only the campaign, and at `marketing` the
 * click, no e-mail address.
 */
export const scrubUrl = (href: string, level: ConsentLevel | undefined): string => {
  const { protocol, host, pathname, search } = new URL(href, location.href)
  const query = search.replace(level === 'marketing' ? unneeded_for_marketing : unneeded, '').replace(/^&/, '?')
  return scrub(`${protocol}//${host}${pathname}${query}`)
}

/** A text with the e-mail addresses cut out. */
export const scrub = (text: string): string => text.replace(email, ':email')
