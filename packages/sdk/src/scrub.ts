import type { ConsentLevel } from '@balise/shared/wire/consent'

/** Query parameters that name a campaign. */
const campaign = /^utm_/

/** Those, and what names a click, such as `gclid`, `msclkid`, `gbraid`: it points at one person. */
const campaign_or_click = /^utm_|clk?id$|braid$/

const email = /[^\s/?&=#:@]+?(@|%40)[^\s/?&=#@%]+\.[a-z]{2,}/gi

/**
 * An address as it may leave the browser: no user, no fragment, of its query only the campaign, and at `marketing` the
 * click, no e-mail address.
 */
export const scrubUrl = (href: string, level: ConsentLevel | undefined): string => {
  const url = new URL(href, location.href)
  const kept = level === 'marketing' ? campaign_or_click : campaign
  for (const name of [...url.searchParams.keys()]) if (!kept.test(name)) url.searchParams.delete(name)
  return scrub(`${url.protocol}//${url.host}${url.pathname}${url.search}`)
}

/** A text with the e-mail addresses cut out. */
export const scrub = (text: string): string => text.replace(email, ':email')
