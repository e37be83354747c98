import type { ContactChannel } from '@balise/shared/wire/event'
import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'

/** Where a link reaches out to, and in its group the number or address reached. */
const links: readonly (readonly [ContactChannel, RegExp])[] = [
  ['phone', /^tel:([^?;]+)/],
  ['email', /^mailto:([^?;]+)/],
  ['sms', /^sms:([^?;]+)/],
  ['whatsapp', /^https:..wa\.me\/(\d*)/],
  ['whatsapp', /^(?:https:..api\.)?whatsapp(?:\.com|:)(?:.*phone=(?:%2B|\+)?(\d+))?/],
  ['map', /^geo:|^maps:|^https:..(?:maps\.|(?:www\.)?google\.[^/]+\/maps)/],
]

/** Notices clicks on links that reach a person, without delaying them: one listener for the whole page. */
export const contacts = (): Noticing => (tell) =>
  listen('click', (event) => {
    const contact = contactOf(hrefOf(event))
    if (contact) tell({ ...contact, kind: 'contact' })
  })

/** The contact that an address is, if it is one. */
export const contactOf = (href: string): { channel: ContactChannel; target?: string | undefined } | undefined => {
  for (const [channel, link] of links) {
    const match = link.exec(href)
    if (match) return { channel, target: match[1] }
  }
  return undefined
}

/** The address of the link that was clicked, through shadow roots; an SVG link keeps it one step deeper. */
const hrefOf = (event: Event): string => {
  const links = event.composedPath() as Partial<HTMLAnchorElement & { href: SVGAnimatedString }>[]
  const { href } = links.find((node) => node.href) || {}
  return String(href?.baseVal || href)
}
