import type { Database } from '@balise/collector/store/database'
import { createPlacement, home } from '@balise/collector/store/placement'
import { withDoors } from './databases.ts'

/** Opens the home database for one act and closes it again, whatever becomes of the act. */
export const withDatabase = <Result>(
  database_url: string,
  act: (database: Database) => Promise<Result>,
): Promise<Result> => withDoors({ home: database_url }, (doors) => act(createPlacement(doors).doorNamed(home).database))
