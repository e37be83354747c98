import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Draws up to `wanted` events off what a site may still send on a day of its own clock, and answers how many it was
 * given. What is drawn is drawn, used or not: so nobody together gets more than the quota.
 */
export const drawQuota = async (
  database: Database,
  { site, day, wanted }: { site: number; day: string; wanted: number },
): Promise<number> => {
  const { rows } = await sql<{ given: number }>`
    select draw_quota(${site}, ${day}::date, ${wanted})::integer as given
  `.execute(database)
  return rows[0]?.given ?? 0
}
