import type { Database } from '@balise/collector/store/database'
import { openPostgres } from '@balise/collector/store/postgres'

/** Opens a database for one act and closes it again, whatever becomes of the act. */
export const withDatabase = async <Result>(
  database_url: string,
  act: (database: Database) => Promise<Result>,
): Promise<Result> => {
  const database = openPostgres({
    url: database_url,
    connections_max: 1,
    statement_ms_max: 60_000,
    onBreak: ({ message }) => console.error(message),
  })
  try {
    return await act(database)
  } finally {
    await database.destroy()
  }
}
