import type { ErasureReceipt } from '@balise/shared/privacy/erasure'
import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Placement } from './placement.ts'

/** Whom to forget, in keyed ids: one for each pepper that was ever in use. */
export type Erasure = {
  site: { id: number; key: string }
  subject: 'visitor' | 'user'
  subjects: string[]
  /** The token it was asked with; `null` for the visitor's own secret. */
  asked_by: number | null
}

/**
 * Erases a person where their site lives, and from a copy that a move is making or removing. It throws where a copy cannot
 * be reached: it is asked again then, and the move itself does it before the copy is ever read.
 */
export const erasePlaced = (placement: Placement, erasure: Erasure): Promise<ErasureReceipt> =>
  placement.at(erasure.site.id, async ({ database }) => {
    const receipt = await erase(database, erasure)
    for (const copy of await forgottenSinceCopies(database, erasure.site.id))
      await eraseCopy(placement.doorNamed(copy.database).database, erasure.site.id, copy.subjects)
    return receipt
  })

/** A database that holds a copy of a site, and whom the site has forgotten since there is one. */
export type ForgottenSince = { database: string; subjects: string[] }

/** Whom a site has forgotten since a copy of it was begun, for each copy. */
export const forgottenSinceCopies = async (database: Database, site: number): Promise<ForgottenSince[]> => {
  const { rows } = await sql<ForgottenSince>`
    select database, subjects from forgotten_since_copies(${site})
  `.execute(database)
  return rows
}

/** Forgets people in a copy of a site that lives elsewhere. */
export const eraseCopy = async (database: Database, site: number, subjects: string[]): Promise<void> => {
  await sql`select erase_copy(${site}, ${subjects}::uuid[])`.execute(database)
}

/**
 * Erases a person from the raw events and keeps them out, in one transaction. The receipt is also the audit log's row.
 * Asked again it finds nothing to erase, and says so in a receipt of its own.
 */
export const erase = async (database: Database, erasure: Erasure): Promise<ErasureReceipt> => {
  const { site, subject, subjects, asked_by } = erasure
  const { rows } = await sql<{ id: string; at: Date; erased_events: number; suppressed: number }>`
    select id, at, erased_events, suppressed
    from erase(${site.id}, ${subject}, ${subjects}::uuid[], ${asked_by})
  `.execute(database)
  const [done] = rows
  if (!done) throw new Error('erase() answered no row')
  return {
    id: done.id,
    site: site.key,
    subject,
    at: done.at.toISOString(),
    erased: { events: done.erased_events },
    suppressed: done.suppressed,
  }
}
