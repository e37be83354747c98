import { sql } from 'kysely'
import { type Delivery, type EventRow, halvesOf, siteOf } from '../ingest/row.ts'
import type { Database } from './database.ts'
import { type Outcome, storeEvents } from './events.ts'
import { isUnstorable } from './is-unstorable.ts'
import { storePlaced } from './placed-events.ts'
import { NoSuchSite, type Placement } from './placement.ts'

/** What storing needs of the world; `report` is told of what is let go, as the events of a site that is no more. */
export type StoringDeps = { placement: Placement; report: (failure: Error) => void }

/**
 * Stores a delivery where its sites live, and answers what became of the events that were not stored now. What their databases
 * will never have is found by halves and set aside there: it costs the others nothing, and an erasure reaches it. Throws what
 * may pass; the delivery may be stored again.
 */
export const storeOrSetAside = async (deps: StoringDeps, delivery: Delivery): Promise<Outcome[]> => {
  const { placement, report } = deps
  try {
    return await storePlaced(placement, delivery)
  } catch (failure) {
    if (!isUnstorable(failure)) throw failure
    if (failure instanceof NoSuchSite && siteOf(delivery) !== 0) {
      report(new Error(`events let go: ${delivery.events.length}, for ${failure.message}`))
      return []
    }
    const [one, other] = halvesOf(delivery) ?? []
    if (one && other) return [...(await storeOrSetAside(deps, one)), ...(await storeOrSetAside(deps, other))]
    for (const event of delivery.events) await setAside(placement, event, failure)
    // A count has nobody to be kept for.
    if (delivery.events.length === 0) report(failure)
    return []
  }
}

const failure_chars_max = 500

const setAside = (placement: Placement, event: EventRow, { message }: Error): Promise<void> => {
  const { site, id, visitor, visitor_before = null, user = null } = event
  return placement.at(site, async ({ database }) => {
    await sql`
      select set_aside(${site}, ${id}, ${visitor}, ${visitor_before}, ${user}, ${JSON.stringify(event)},
        ${message.slice(0, failure_chars_max)})
    `.execute(database)
  })
}

/** How many events of all sites are set aside, counted to 10,000. */
export const deadLettersHeld = async (database: Database): Promise<number> => {
  const { rows } = await sql<{ held: number }>`select dead_letters_held() as held`.execute(database)
  return rows[0]?.held ?? 0
}

/** Lets go of what has been set aside for 31 days, and counts it as `too_old`. */
export const expireDeadLetters = async (database: Database, now: Date): Promise<void> => {
  await sql`select expire_dead_letters(${now})`.execute(database)
}

/** Events of a site that are set aside for one reason, and since when there are any. */
export type DeadLetters = { failure: string; events: number; since: Date }

/** What of a site is set aside, and why: the most first. */
export const deadLettersOf = async (database: Database, site: number): Promise<DeadLetters[]> => {
  const { rows } = await sql<DeadLetters>`
    select failure, count(*)::integer as events, min(set_aside_at) as since
    from dead_letters
    where site = ${site}
    group by failure
    order by events desc, failure
  `.execute(database)
  return rows
}

const letters_read_max = 100

/** What became of letters that were tried again: `refused` are events that are too old by now, or of somebody forgotten. */
export type Retried = { stored: number; refused: number; left: number }

/** Stores what of a site was set aside and now can be stored, and lets go of what is refused. Answers how many events that were. */
export const retryDeadLetters = async (database: Database, site: number): Promise<Retried> => {
  const told: Retried = { stored: 0, refused: 0, left: 0 }
  for (let after = ''; ; ) {
    const letters = await database
      .selectFrom('dead_letters')
      .select(['id', 'event'])
      .where('site', '=', site)
      .where('id', '>', after)
      .orderBy('id')
      .limit(letters_read_max)
      .execute()
    for (const { id, event } of letters) {
      after = id
      const became = await retry(database, event)
      if (became !== 'left')
        await database.deleteFrom('dead_letters').where('site', '=', site).where('id', '=', id).execute()
      told[became] += 1
    }
    if (letters.length < letters_read_max) return told
  }
}

/** An event that was stored before is stored. */
const retry = (database: Database, letter: string): Promise<keyof Retried> =>
  storeEvents(database, { events: [JSON.parse(letter) as EventRow], refused: [] }).then(
    (outcomes) => (outcomes.every(({ outcome }) => outcome === 'duplicate') ? 'stored' : 'refused'),
    (failure: unknown) => {
      if (!isUnstorable(failure)) throw failure
      return 'left'
    },
  )
