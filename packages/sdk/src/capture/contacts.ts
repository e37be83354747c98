import type { ContactChannel } from '@balise/shared/wire/event'
import type { Noticing } from '../page.ts'

/** Where a link reaches out to, and in the group the number or address reached. */
const links: readonly (readonly [ContactChannel, RegExp])[] = [
  ['phone', /^tel:([^;?]+)/i],
  ['email', /^mailto:([^?]+)/i],
  ['sms', /^sms(?:to)?:([^;?&]+)/i],
  ['whatsapp', /^https?:\/\/wa\.me\/(\d*)/i],
  ['whatsapp', /^(?:whatsapp:|https?:\/\/(?:api|web)\.whatsapp\.com\/send)(?:.*[?&]phone=(?:\+|%2B)?(\d+))?/i],
  [
    'map',
    /^(?:geo:|maps:|https?:\/\/(?:maps\.|(?:www\.)?google\.[a-z.]+\/maps|goo\.gl\/maps|www\.openstreetmap\.org))/i,
  ],
]

/** Notices clicks on links that reach a person, without delaying them: one passive listener for the whole document. */
export const contacts = (): Noticing => ({
  name: 'contacts',
  start(tell, { window, listen }) {
    listen(window.document, 'click', (event) => {
      const contact = contactOf(hrefOf(event))
      if (contact) tell({ kind: 'contact', ...contact })
    })
  },
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
  for (const node of event.composedPath()) {
    const { href } = node as Partial<HTMLAnchorElement | SVGAElement>
    if (href) return typeof href === 'string' ? href : href.baseVal
  }
  return ''
}
