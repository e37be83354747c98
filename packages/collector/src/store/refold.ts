import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Asks that a site's rollups be made anew from its raw events. They are no answer until that is done; questions go to raw
 * events meanwhile. Whoever folds next begins with it.
 */
export const askRefold = async (database: Database, site_id: number): Promise<void> => {
  await sql`
    insert into refolds (site) values (${site_id})
    on conflict (site) do update set is_empty = false, upto = null, asked_at = excluded.asked_at
  `.execute(database)
}

/** Whether a site's rollups are being made anew. */
export const isRefolded = async (database: Database, site_id: number): Promise<boolean> => {
  const { rows } = await sql`select from refolds where site = ${site_id}`.execute(database)
  return rows.length > 0
}
