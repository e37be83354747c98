import { sql } from 'kysely'
import type { Database } from './database.ts'

/** For how many months a site keeps raw events, `null` for ever; and whether what they added to rollups outlives them. */
export type Retention = { site: number; months: number | null; keeps_sums: boolean }

/** Sets a site's retention. What is to go by it goes when the clock strikes next: see {@link retainAll}. */
export const setRetention = async (database: Database, { site, months, keeps_sums }: Retention): Promise<void> => {
  await sql`select set_retention(${site}, ${months}, ${keeps_sums})`.execute(database)
}

/** What {@link setRetention} set. */
export const retentionOf = async (database: Database, site: number): Promise<Omit<Retention, 'site'>> => {
  const { rows } = await sql<Omit<Retention, 'site'>>`
    select retention_months as months, keeps_sums from sites where id = ${site}
  `.execute(database)
  const [row] = rows
  if (!row) throw new Error('There is no such site.')
  return row
}

/** Whether a site has days of which only sums are left: they cannot be made anew elsewhere. */
export const hasOnlySums = async (database: Database, site: number): Promise<boolean> => {
  const { rows } = await sql`
    select from sites where id = ${site} and raw_from is not null and sums_from is distinct from raw_from
  `.execute(database)
  return rows.length > 0
}

/**
 * Lets go what no retention keeps any longer, step by step: whole partitions where no site wants them, otherwise up to
 * `rows_max` rows at a time. Ends when nothing is left, another process is at it or folds, or after `steps_max` steps.
 */
export const retainAll = async (
  database: Database,
  now: Date,
  { rows_max, steps_max }: { rows_max: number; steps_max: number },
): Promise<void> => {
  for (let step = 0; step < steps_max; step++) {
    const { rows } = await sql<{ gone: number | null }>`select retain_step(${now}, ${rows_max}) as gone`.execute(
      database,
    )
    if (!rows[0]?.gone) return
  }
}
