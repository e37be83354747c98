import type { EventKind } from '@balise/shared/wire/event'
import { type Address, plainAddress } from './address.ts'
import type { ConsentLevel, Destination, TrackedEvent } from './api.ts'
import { bodyOf, type Heading } from './body.ts'
import { calm, note } from './calm.ts'
import { levels, type Rank } from './consent.ts'
import { allFields, type Draft, jsonOf } from './event.ts'
import { createQueue, type Entry, type Queue } from './queue.ts'
import { send, sendLater } from './send.ts'
import { uuidv7 } from './uuid.ts'

/** How much may be told before it is made: what it holds is not weighed yet. */
const told_max = 100

/** Tells the street what was noticed. */
export type Tell = (draft: Draft) => void

/** Something that notices by itself, and asks `address` where the page is. */
export type Noticing = (tell: Tell, address: Address) => void

/** What a street asks for. */
export type StreetParts = {
  to: Destination
  rank: () => Rank
  /** Called before the first event is made. */
  begin: () => void
  /** The session that this moment belongs to; asked for where one may be kept. */
  sessionNow: () => string | undefined
  /** What may be said of the visitor beside this session. */
  whoNow: (session: string | undefined) => false | Pick<Heading, 'session' | 'visitor' | 'user'>
  /** Told what no answer came for yet, whenever that changes. */
  keep: (waiting: readonly Entry[]) => void
}

/** Where what was noticed walks: event, queue, send. */
export type Street = Omit<Queue, 'add'> & {
  /** Takes in what was noticed, to be made once the task that told it is over, or as soon as it matters. */
  tell: Tell
  /** Makes what was told, for what it is made by is about to change. */
  make: () => void
  hold: (entry: Entry) => void
  address: Address
}

/** Lays the street from this page to its collector. */
export const createStreet = ({ to, rank, begin, sessionNow, whoNow, keep }: StreetParts): Street => {
  const address = to.address || plainAddress
  const events_url = `${to.endpoint}/v1/events`
  /** How many events had no room, and nobody was told yet. */
  let dropped = 0
  /** The rank as it was when it was asked last whether anything may leave: looking it up takes a look into storage. */
  let now: Rank
  /** What was told and is not made yet. */
  const told: Omit<TrackedEvent, 'id'>[] = []
  let callOff: (() => void) | undefined
  let isStarted = false

  const report: (...what: unknown[]) => void = to.debug ? note : () => {}

  const bodyNow = (batch: readonly Entry[]): string =>
    bodyOf(
      {
        site: to.site,
        consent: levels[now as number] as ConsentLevel,
        dropped: dropped || undefined,
        ...whoNow(batch[0]?.session),
      },
      // What was told at marketing may leave below it.
      batch.map(({ json }) => (now === 3 ? json : json.replace(/(clk?id=|braid=)[^&"]+/g, '$1'))),
    )

  const queue = createQueue({
    async deliver(batch) {
      const told = dropped
      const body = bodyNow(batch)
      // Told by this batch and no other, unless it does not arrive.
      dropped = 0
      const outcome = await send(events_url, body)
      report(...outcome, body)
      if (outcome[0] !== 'sent') dropped += told
      return outcome
    },
    settle: calm((waiting, next) => {
      keep(waiting)
      callOff?.()
      callOff = next[0] && sendLater(events_url, bodyNow(next))
    }),
    may() {
      make()
      now = rank()
      return now && !(document as Document & { prerendering?: boolean }).prerendering
    },
  })

  const hold = (entry: Entry): void => {
    const lost = queue.add(entry)
    if (lost) report('refused', 'no room', lost)
    dropped += lost
  }

  const makeOne = calm((draft: Omit<TrackedEvent, 'id'>) => {
    const allowed = rank()
    const event = { id: uuidv7(draft.at), ...draft } as TrackedEvent
    const given = allowed !== 0 && (to.before_send ? to.before_send(event) : event)
    if (!given) return report('refused', allowed === 0 ? 'no consent' : 'before_send', event)
    const json = jsonOf(given, allFields, levels[allowed as number] as ConsentLevel, to.allow_query)
    report('held', json)
    let own: string | undefined
    hold({
      json,
      bytes: new TextEncoder().encode(json).length + 1,
      rank: worth[draft.kind],
      /** What was told before a session may be kept belongs to that which is kept then. */
      get session() {
        if ((now as number) > 1) own = own || sessionNow()
        return own
      },
    })
  })

  const make = (): void => {
    if (!isStarted) {
      isStarted = true
      begin()
    }
    told.splice(0).forEach(makeOne)
  }

  // What the start tells, in a task of its own: with the script's, and the first look into storage, it would be a long one.
  setTimeout(calm(make))

  return {
    ...queue,
    address,
    hold,
    make,
    tell(draft) {
      const { props } = draft
      // All that may be another when the task is over. The page's hook is asked now, while what it looks at is so too.
      const count = told.push({ at: Date.now(), url: address(), ...draft, props: props && { ...props } })
      if (count > told_max || to.before_send) make()
      else if (isStarted) queueMicrotask(make)
    },
  }
}

/** What goes first where not all can, and is dropped last. */
const worth: { readonly [Kind in EventKind]: number } = {
  contact: 0,
  custom: 1,
  page_view: 2,
  api_call: 3,
  engagement: 4,
}
