import { calm } from './calm.ts'
import { listen, onHide } from './listen.ts'
import type { Noticing, Street, Tell } from './street.ts'

/** Starts to notice once the page is shown, and sends off what waits before the page can go. */
export const watch = (
  noticing: readonly Noticing[],
  tell: Tell,
  street: Pick<Street, 'address'> & { flush: () => unknown },
): void => {
  const start = () => {
    for (const notice of noticing) calm(notice)(tell, street.address)
    // After what notices, so that a last word on hiding still leaves.
    onHide(street.flush)
    listen('online', street.flush)
  }
  if ((document as Document & { prerendering?: boolean }).prerendering) listen('prerenderingchange', start)
  else start()
}
