import { plainAddress } from './address.ts'
import type { Destination, TrackedEvent } from './api.ts'
import { bodyOf } from './body.ts'
import { calm, note } from './calm.ts'
import { pageViews } from './capture/page-views.ts'
import { jsonOf, viewFields } from './event.ts'
import { retryIn_ms, send } from './send.ts'
import { signals } from './signals.ts'
import type { Tell } from './street.ts'
import { uuidv7 } from './uuid.ts'
import { watch } from './watch.ts'

/** A view takes 5 kB at most, so a batch of these fits into what a page may keep in flight. */
const views_per_batch_max = 10
const waiting_max = 100

/**
 * As `countPageViews` in `api.ts` says. Its street is a short one: nothing is kept, so nothing is ranked, and a view leaves
 * at once, so nothing has to be insured against the death of the page.
 */
export const countPageViews = (to: Destination): void => {
  if (typeof document !== 'undefined') calm(open)(to)
}

const open = (to: Destination): void => {
  const address = to.address || plainAddress
  let waiting: string[] = []
  let dropped = 0
  let failures = 0
  let closed_until_ms = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = async (): Promise<void> => {
    if (signals() || performance.now() < closed_until_ms) return
    const batch = waiting.splice(0, views_per_batch_max)
    if (!batch[0]) return
    const told = dropped
    const body = bodyOf({ site: to.site, consent: 'anonymous', dropped: told || undefined }, batch)
    dropped = 0
    const [verdict, answer, wait_ms = 0] = await send(`${to.endpoint}/v1/events`, body)
    if (to.debug) note(verdict, answer, body)
    clearTimeout(timer)
    if (verdict !== 'sent') dropped += told
    if (verdict === 'lost') {
      waiting = [...batch, ...waiting]
      closed_until_ms = performance.now() + wait_ms
      timer = setTimeout(flush, wait_ms + retryIn_ms(failures++))
    } else {
      failures = 0
      flush()
    }
  }

  const tell: Tell = calm((draft) => {
    const at = Date.now()
    const event: TrackedEvent = { id: uuidv7(at), at, url: address(), ...draft }
    const given = !signals() && (to.before_send ? to.before_send(event) : event)
    if (!given) return
    if (waiting.push(jsonOf(given, viewFields, 'anonymous', to.allow_query)) > waiting_max) {
      waiting.pop()
      dropped++
    }
    if (!failures) flush()
  })

  watch([pageViews()], tell, { address, flush })
}
