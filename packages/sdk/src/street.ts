import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { Batch } from '@balise/shared/wire/envelope'
import type { EventKind } from '@balise/shared/wire/event'
import { type Address, plainAddress } from './address.ts'
import type { Destination } from './api.ts'
import { calm } from './calm.ts'
import { type Draft, jsonOf } from './event.ts'
import type { Outbox } from './outbox.ts'
import { createQueue, type Entry, type Queue } from './queue.ts'
import { createReport } from './report.ts'
import { send, sendLater } from './send.ts'
import type { Session } from './session.ts'
import { uuidv7 } from './uuid.ts'

/** Tells the street what was noticed. */
export type Tell = (draft: Draft) => void

/** Something that notices by itself, and asks `address` where the page is. */
export type Noticing = (tell: Tell, address: Address) => void

/** What a street asks for. Without a session the collector finds the visits by itself. */
export type StreetParts = {
  to: Destination
  /** The level in force; `undefined` while nobody has decided, and events wait. */
  level: () => ConsentLevel | undefined
  id?: (at_ms: number) => string
  sessionAt?: Session
  whoNow?: () => Pick<Batch, 'visitor' | 'user'>
  outbox?: Outbox
}

/** Where what was noticed walks: event, queue, send. */
export type Street = Omit<Queue, 'add'> & { tell: Tell; hold: (entry: Entry) => void; address: Address }

/** Lays the street from this page to its collector. */
export const createStreet = ({ to, level, id = uuidv7, sessionAt, whoNow, outbox }: StreetParts): Street => {
  const report = createReport(to.debug)
  const address = to.address || plainAddress

  const events_url = `${to.endpoint}/v1/events`

  const bodyOf = (batch: readonly Entry[]): string => {
    const heading: Omit<Batch, 'events'> = {
      site: to.site,
      sent_at: Date.now(),
      consent: level() as ConsentLevel, // nothing departs before there is one
      ...whoNow?.(),
      session: batch[0]?.session,
      page: deviceNow(),
    }
    // Each begins with its id, which begins with its time: sorted as text, events travel in the order they happened.
    const events = batch.map(({ json }) => json).sort()
    return `${JSON.stringify(heading).slice(0, -1)},"events":[${events}]}`
  }

  const { add, ...queue } = createQueue({
    async deliver(batch) {
      const body = bodyOf(batch)
      const outcome = await send(events_url, body)
      report(...outcome, body)
      if (outcome[0] !== 'lost') outbox?.drop(batch)
      return outcome
    },
    insure: calm((batch) => batch[0] && sendLater(events_url, bodyOf(batch))),
    mayDeliver: () => (level() || 'none') !== 'none' && !isPrerendering(),
  })

  const hold = (entry: Entry): void => {
    const dropped = add(entry)
    if (!dropped[0]) return
    report('refused', 'no room', dropped)
    outbox?.drop(dropped)
  }

  const tell: Tell = (draft) => {
    const allowed = level()
    if (allowed === 'none') return report('refused', 'no consent', draft)
    const at = Date.now()
    const event = { id: id(at), at, url: address(), ...draft }
    const json = jsonOf(event, allowed)
    const bytes = new TextEncoder().encode(`${json},`).length
    const entry = { id: event.id, session: sessionAt?.(at), json, bytes, rank: worth.indexOf(draft.kind) }
    report('held', entry)
    outbox?.save(entry)
    hold(entry)
  }

  return { ...queue, tell, hold, address }
}

/** What goes first where not all can, and is dropped last. */
const worth: readonly EventKind[] = ['contact', 'custom', 'page_view', 'api_call', 'engagement']

/** Whether nobody sees the page yet, and perhaps nobody ever will. */
export const isPrerendering = (): boolean => !!(document as Document & { prerendering?: boolean }).prerendering

/** The device, as far as a batch names it. */
const deviceNow = (): Batch['page'] => ({
  screen: `${screen.width}x${screen.height}`,
  language: navigator.language,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
})
