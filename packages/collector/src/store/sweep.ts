import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Removes from the dictionaries (pages, origins, actions, clients, places, deeds) what nothing refers to any more, of sites
 * that let something go an hour ago: for a title may be all about one person. In steps that look at about `rows_max` rows,
 * each of them whole whatever stops it. Ends when nothing is left, another process is at it or folds, or after `steps_max`.
 */
export const sweepAll = async (
  database: Database,
  now: Date,
  { rows_max, steps_max }: { rows_max: number; steps_max: number },
): Promise<void> => {
  for (let step = 0; step < steps_max; step++) {
    const { rows } = await sql<{ left: number | null }>`select sweep_step(${now}, ${rows_max}) as left`.execute(
      database,
    )
    if (!rows[0]?.left) return
  }
}
