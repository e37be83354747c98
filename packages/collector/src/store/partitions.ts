import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Makes the partitions of the coming year, so that no event ever waits for one. */
export const preparePartitions = async (database: Database, now: Date): Promise<void> => {
  await sql`select prepare_partitions(${now}::date, (${now}::date + interval '12 months')::date)`.execute(database)
}
