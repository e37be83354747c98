import type { ContactChannel } from '@balise/shared/wire/event'
import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'
import { onLink } from './link.ts'

/** Where a link reaches out to, and in its group the number or address reached. A web address stands without `https://`. */
const links: readonly (readonly [ContactChannel, RegExp])[] = [
  ['phone', /^tel:([^?;]+)/],
  ['email', /^mailto:([^?;]+)/],
  ['sms', /^sms:([^?;&]+)/],
  ['whatsapp', /^(?:wa\.me\/|(?:(?:api|web|chat)\.whatsapp\.com|whatsapp:)(?:.*phone=\W*(?:2B)?)?)(\d*)/],
  ['chat', /^(?:(?:t|telegram|m|signal)\.me\/|(?:tg|fb-messenger|sgnl):)/],
  [
    'map',
    /^(?:(?:geo|maps|waze):|maps\.(?:google|apple|app)\.|goo(?:gle\.[^/]+|\.gl)\/maps|(?:openstreetmap|osm|waze)\.)/,
  ],
]

/**
 * Notices links that reach a person, without delaying them, and submitted forms that carry `data-balise-form`; its value
 * becomes the property `form`.
 */
export const contacts = (): Noticing => (tell) => {
  onLink(({ href }) => {
    const contact = contactOf(href)
    if (contact) tell({ ...contact, kind: 'contact' })
  })
  listen('submit', ({ target }) => {
    const form = (target as Element).getAttribute('data-balise-form')
    if (form !== null) tell({ kind: 'contact', channel: 'form', props: form ? { form } : undefined })
  })
}

/** The contact that an address is, if it is one. */
export const contactOf = (href: string): { channel: ContactChannel; target?: string | undefined } | undefined => {
  const address = href.replace(/^https?:..(www\.)?/, '')
  for (const [channel, link] of links) {
    const match = link.exec(address)
    if (match) return { channel, target: match[1] || undefined }
  }
  return undefined
}
