import type { Databases } from './databases.ts'
import { retryAllDeadLetters } from './dead-letters.ts'
import { migrate } from './migrate.ts'
import { roles_statements } from './walls.ts'

const how_to_wall = `Have this run by one who may, OWNER being this user, and migrate again:\n\n${roles_statements}\n`

/** Brings every database to the newest schema, stores what it will have now, and tells a line for each thing done. */
export const migrateAll = async (databases: Databases): Promise<string> => {
  const told: string[] = []
  for (const [name, database_url] of Object.entries(databases)) {
    const { applied, walled } = await migrate({ database_url })
    told.push(`${name}: ${applied.length > 0 ? `applied ${applied.join(', ')}` : 'the schema is the newest'}`)
    if (!walled) told.push(`${name}: sites have one wall only, for this user may not make roles. ${how_to_wall}`)
  }
  // A newer schema may have what an older one would not.
  return [...told, ...(await retryAllDeadLetters(databases))].join('\n')
}
