import { scrubUrl } from '../scrub.ts'
import type { Noticing } from '../street.ts'
import { contactOf } from './contacts.ts'
import { onLink } from './link.ts'

const file = /\.(apk|csv|dmg|docx?|exe|gz|mp[34]|pdf|pptx?|xlsx?|zip)$/i

/**
 * Notices links that lead to another host (`outbound_link`) or to a file (`file_download`: by the link's `download`
 * attribute or by its ending), both with the props `url` and `host`. What reaches a person is a contact, not a link.
 */
export const outbound = (): Noticing => (tell) =>
  onLink((url, link) => {
    const { href, host, pathname, protocol } = url
    const isFile = link.hasAttribute('download') || file.test(pathname)
    if (!/^http/.test(protocol) || contactOf(href) || (!isFile && host === location.host)) return
    const name = isFile ? 'file_download' : 'outbound_link'
    tell({ kind: 'custom', name, props: { url: scrubUrl(href, 'anonymous'), host } })
  })
