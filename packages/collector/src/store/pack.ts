import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Packs what nothing can come into any more: visits carry their events, whose rows go (0016). In steps of about `events_max`
 * events, each of them whole whatever stops it. Ends when nothing is left, another process folds or packs, or after `steps_max`.
 */
export const packAll = async (
  database: Database,
  now: Date,
  { events_max, steps_max }: { events_max: number; steps_max: number },
): Promise<void> => {
  for (let step = 0; step < steps_max; step++) {
    const { rows } = await sql<{ packed: number | null }>`select pack_step(${now}, ${events_max}) as packed`.execute(
      database,
    )
    if (!rows[0]?.packed) return
  }
}
