import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Folds what was stored since the last time into the rollups, about `events_max` events in one transaction. Answers how
 * many it folded; `null` where another process is at it. Whatever stops it, nothing is half done: it is asked again.
 */
export const fold = async (database: Database, events_max: number): Promise<number | null> => {
  const { rows } = await sql<{ folded: number | null }>`select fold(${events_max}) as folded`.execute(database)
  return rows[0]?.folded ?? null
}

/** Folds step by step until nothing is left, another process is at it, or `steps_max` steps are done. */
export const foldAll = async (database: Database, bounds: { events_max: number; steps_max: number }): Promise<void> => {
  for (let step = 0; step < bounds.steps_max; step++) if (!(await fold(database, bounds.events_max))) return
}

/** Seconds since the rollups were last brought up to date. Questions are exact meanwhile, only slower. */
export const foldLagOf = async (database: Database): Promise<number> => {
  const { rows } = await sql<{ lag: number }>`
    select extract(epoch from clock_timestamp() - folded_at)::integer as lag from folds
  `.execute(database)
  return rows[0]?.lag ?? Number.POSITIVE_INFINITY
}
