import { migrate } from '../packages/cli/src/migrate.ts'
import { Refusal } from './refusal.ts'

/** Brings the database to the newest schema; a database that cannot be reached or migrated is refused by its address. */
export async function migrated(database_url: string): Promise<void> {
  if (!URL.canParse(database_url))
    throw new Refusal('DATABASE_URL is not an address like postgres://user:password@host/name.')
  try {
    await migrate({ database_url })
  } catch (error) {
    const { host, pathname } = new URL(database_url)
    throw new Refusal(`The database at ${host}${pathname} cannot be used: ${reasonsOf(error)}.`)
  }
}

/** The sentence of an error and of what caused it. Several addresses of one host fail as one `AggregateError`. */
function reasonsOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonsOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonsOf(error.cause)}`
}
