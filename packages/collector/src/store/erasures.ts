import type { ErasureReceipt } from '@balise/shared/privacy/erasure'
import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Whom to forget, in keyed ids: one for each pepper that was ever in use. */
export type Erasure = {
  site: { id: number; key: string }
  subject: 'visitor' | 'user'
  subjects: string[]
  /** The token it was asked with; `null` for the visitor's own secret. */
  asked_by: number | null
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
