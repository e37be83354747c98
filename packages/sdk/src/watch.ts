import { listen, onHide } from './listen.ts'
import type { Queue } from './queue.ts'
import { isPrerendering, type Noticing, type Tell } from './street.ts'

/** Starts to notice once the page is shown, and sends off what waits before the page can go. */
export const watch = (noticing: readonly Noticing[], tell: Tell, queue: Queue): void => {
  const start = () => {
    for (const notice of noticing) notice(tell)
    // After what notices, so that a last word on hiding still leaves.
    onHide(queue.leave)
    listen('online', queue.flush)
  }
  if (isPrerendering()) listen('prerenderingchange', start)
  else start()
}
