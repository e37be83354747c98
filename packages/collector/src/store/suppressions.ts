import { sql } from 'kysely'
import type { EventRow } from '../ingest/row.ts'
import type { Database } from './database.ts'
import { isUnstorable } from './is-unstorable.ts'
import type { Placement } from './placement.ts'

const uuid_shape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Finds out who of the persons in some events was forgotten, and answers whether an event is of one of them. */
export const forgottenAmong = async (database: Database, events: EventRow[]): Promise<(event: EventRow) => boolean> => {
  // What could never be stored may hold anything where a keyed id should be.
  const named = events.flatMap((event) => personsOf(event).map((person) => ({ site: event.site, person })))
  const askable = named.filter(({ person }) => uuid_shape.test(person))
  const { rows } = await sql<{ site: number; subject: string }>`
    select site, subject::text from forgotten_among(
      ${askable.map(({ site }) => site)}::integer[], ${askable.map(({ person }) => person)}::uuid[]
    )
  `.execute(database)
  const forgotten = new Set(rows.map(({ site, subject }) => `${site} ${subject}`))
  return (event) => personsOf(event).some((person) => forgotten.has(`${event.site} ${person.toLowerCase()}`))
}

/** {@link forgottenAmong}, asked where each site lives. */
export const forgottenPlaced = async (
  placement: Placement,
  events: EventRow[],
): Promise<(event: EventRow) => boolean> => {
  const answers = new Map<number, (event: EventRow) => boolean>()
  for (const site of new Set(events.map((event) => event.site))) {
    const own = events.filter((event) => event.site === site)
    const answer = placement.at(site, ({ database }) => forgottenAmong(database, own))
    answers.set(site, await answer.catch(ofNobody))
  }
  return (event) => answers.get(event.site)?.(event) ?? false
}

/** A site that nobody made has forgotten nobody. Whatever else fails is asked again. */
const ofNobody = (failure: unknown) => {
  if (isUnstorable(failure)) return () => false
  throw failure
}

const personsOf = ({ visitor, visitor_before, user }: EventRow): string[] =>
  [visitor, visitor_before, user].filter((person) => person !== undefined)
