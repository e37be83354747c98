import { sql } from 'kysely'
import type { Database } from './database.ts'

/** How much one strike of the clock folds: steps of about `pace_ms`, of at most `events_max` events, so many. */
export type FoldBounds = { pace_ms: number; events_max: number; steps_max: number }

/**
 * Folds what was stored since the last time into the rollups, about `events_max` events in one transaction. Answers how
 * many it folded; `null` where another process is at it. Whatever stops it, nothing is half done: it is asked again.
 */
export const fold = async (database: Database, events_max: number): Promise<number | null> => {
  const { rows } = await sql<{ folded: number | null }>`select fold(${events_max}) as folded`.execute(database)
  return rows[0]?.folded ?? null
}

/**
 * Does what is to be done for the rollups, step by step, until nothing is left of what was there when a step began, or another
 * process is at it: folds what came, and folds anew the sites whose clock was set. A step that fails is written down for
 * `/health`, and thrown.
 */
export const foldAll = async (database: Database, { pace_ms, events_max, steps_max }: FoldBounds): Promise<void> => {
  try {
    for (let step = 0; step < steps_max; step++) {
      const { rows } = await sql<{ left: number | null }>`
        select fold_step(${pace_ms}, ${events_max}) as left
      `.execute(database)
      if (!rows[0]?.left) return
    }
  } catch (failure) {
    await sql`select note_fold_failure(${codeOf(failure)})`.execute(database)
    throw failure
  }
}

/** A failure's own short name: SQLSTATE, or a code of Node's, or its class. A message would tell what was inside. */
const codeOf = (failure: unknown): string => {
  if (!(failure instanceof Error)) return 'unknown'
  return 'code' in failure && typeof failure.code === 'string' ? failure.code.slice(0, 40) : failure.name
}

/** How far the rollups are behind. Questions are exact meanwhile, only slower. */
export type FoldState = {
  /** How long ago all was folded that had been stored by then; 0 when nothing waits. */
  lag_seconds: number
  /** Counted to {@link waiting_max}. */
  events_waiting: number
  /** The code of the last step's failure, and when it was; absent once a step went well. */
  last_failure?: { code: string; at: string }
}

const waiting_max = 100_000

/** Above every transaction's number. */
const after_all = sql`9223372036854775807`

/** See {@link FoldState}. */
export const foldStateOf = async (database: Database): Promise<FoldState> => {
  const { rows } = await sql<{ age: number; waiting: number; failure: string | null; failed_at: Date | null }>`
    select
      extract(epoch from clock_timestamp() - folded_at)::integer as age,
      case when until is null then stored_between(upto, ${after_all}, ${waiting_max})
      else stored_between(until, ${after_all}, ${waiting_max}) + (
        select coalesce(sum(events), 0) from (select events from unfolded limit ${waiting_max}) as left_over
      )::integer end as waiting,
      failure,
      failed_at
    from folds
  `.execute(database)
  const [row] = rows
  if (!row) throw new Error('The table folds has one row.')
  const events_waiting = Math.min(row.waiting, waiting_max)
  return {
    lag_seconds: events_waiting > 0 ? row.age : 0,
    events_waiting,
    ...(row.failure && row.failed_at && { last_failure: { code: row.failure, at: row.failed_at.toISOString() } }),
  }
}
