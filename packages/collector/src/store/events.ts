import { sql } from 'kysely'
import type { Delivery } from '../ingest/row.ts'
import type { Database } from './database.ts'
import { splitDimensions } from './dimensions.ts'

/**
 * What became of an event that was not stored: it was stored before, or it was refused, since its person asked to be
 * forgotten or since its site keeps or changes nothing that old.
 */
export type Outcome = { id: string; outcome: 'duplicate' | 'forgotten' | 'too_old' }

/**
 * Stores a delivery, each event once, in one statement and one round trip. Answers a row for each event that was not
 * stored now. All or nothing: when it throws, nothing was stored and the same delivery may be stored again.
 * It throws where one of its sites does not live on this database, or is about to move: see `placed-events.ts`.
 */
export const storeEvents = async (database: Database, delivery: Delivery): Promise<Outcome[]> => {
  const { events, dimensions } = await splitDimensions(delivery.events)
  const batch = JSON.stringify({ events: columnsOf(events), ...dimensions, refused: delivery.refused })
  const sites = sitesOf(delivery)
  const { rows } = await sql<Outcome>`
    select id, outcome from store_here(${sites}::integer[], ${batch}::json)
  `.execute(database)
  return rows
}

/** The sites that a delivery is about. */
export const sitesOf = ({ events, refused }: Delivery): number[] => [
  ...new Set([...events, ...refused].map(({ site }) => site)),
]

/** Rows as columns: one list for each field that any row has, `null` where a row lacks it. */
const columnsOf = (rows: Record<string, unknown>[]): Record<string, unknown[]> => {
  const columns: Record<string, unknown[]> = {}
  for (const [index, row] of rows.entries()) {
    for (const [name, value] of Object.entries(row)) {
      columns[name] ??= Array(rows.length).fill(null)
      columns[name][index] = value
    }
  }
  return columns
}
