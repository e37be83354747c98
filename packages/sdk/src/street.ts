import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { Batch } from '@balise/shared/wire/envelope'
import { eventOf } from './event.ts'
import type { Page, Tell } from './page.ts'
import { createQueue, type Entry, type Outbox, type Queue } from './queue.ts'
import { send } from './send.ts'
import type { Browser, World } from './world.ts'

/** What a street asks for. Without a session the collector finds the visits by itself. */
export type StreetParts = {
  site: string
  page: Page
  world: World
  /** The level in force; `undefined` while nobody has decided, and events wait. */
  level: () => ConsentLevel | undefined
  sessionAt?: (at_ms: number) => string
  who?: () => Pick<Batch, 'visitor' | 'user'>
  outbox?: Outbox
}

/** Where what was noticed walks: event, queue, send. */
export type Street = Queue & { tell: Tell }

/** Lays the street from a page to its collector. */
export const createStreet = ({ site, page, world, level, sessionAt, who, outbox }: StreetParts): Street => {
  const { window, report } = page
  let timer: number | undefined

  const deliver = (entries: readonly Entry[], dying?: boolean) => {
    const batch: Batch = {
      site,
      sent_at: world.now(),
      consent: level() || 'none',
      ...(who && who()),
      session: entries[0]?.session,
      page: contextOf(window),
      events: entries.map(({ event }) => event),
    }
    return send(window, `${page.endpoint}/v1/events`, JSON.stringify(batch), dying)
  }

  const queue = createQueue({
    deliver,
    mayDeliver: () => !!level() && !isPrerendering(window),
    outbox,
    now: world.now,
    random: Math.random,
    wake(act, wait_ms) {
      clearTimeout(timer)
      timer = window.setTimeout(act, wait_ms)
    },
    report,
  })

  const tell: Tell = (draft) => {
    const allowed = level()
    if (allowed === 'none') return report('refused', draft)
    const at = world.now()
    const event = eventOf(draft, { id: world.id(at), at, href: window.location.href, level: allowed || 'none' })
    const bytes = new TextEncoder().encode(JSON.stringify(event)).length
    queue.add({ event, session: sessionAt && sessionAt(at), bytes })
    report('held', event)
  }

  return { ...queue, tell }
}

/** Whether nobody sees the page yet, and perhaps nobody ever will. */
export const isPrerendering = ({ document }: Browser): boolean =>
  !!(document as Document & { prerendering?: boolean }).prerendering

/** The device, as far as a batch names it. */
const contextOf = ({ screen, navigator }: Browser): NonNullable<Batch['page']> => ({
  screen: `${screen.width}x${screen.height}`,
  language: navigator.language,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
})
