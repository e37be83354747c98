import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Makes the partitions of the coming month, so that no event ever waits for one; and no more, since every question looks
 * into each. What a clock that is ahead says of a later month lies in the default partition until then.
 */
export const preparePartitions = async (database: Database, now: Date): Promise<void> => {
  await sql`select prepare_partitions(${now}::date, (${now}::date + interval '1 month')::date)`.execute(database)
}
