import { listen, onHide } from './listen.ts'
import { isPrerendering, type Noticing, type Street } from './street.ts'

/** Starts to notice once the page is shown, and sends off what waits before the page can go. */
export const watch = (street: Street, noticing: readonly Noticing[]): void => {
  const start = () => {
    for (const notice of noticing) notice(street.tell)
    // After what notices, so that a last word on hiding still leaves.
    onHide(street.leave)
    listen('online', street.flush)
  }
  if (isPrerendering()) listen('prerenderingchange', start)
  else start()
}
