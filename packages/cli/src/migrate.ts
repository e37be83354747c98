import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { raiseWalls } from './walls.ts'

const folder = new URL('../../collector/migrations/', import.meta.url)

/** Any number, as long as every Balise on a database asks for the same one. */
const lock = 7_202_511

/** What a migration did: the names of the files that were applied now, and whether it could set who may do what. */
export type Migrated = { applied: string[]; walled: boolean }

/**
 * Brings a database to the newest schema: applies each numbered file of `packages/collector/migrations` that it has not
 * had yet, in order, each in a transaction of its own; then sets who may do what. Two that run at once wait for each other.
 * Forward only.
 */
export const migrate = async (options: { database_url: string }): Promise<Migrated> => {
  const client = new pg.Client({ connectionString: options.database_url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lock])
    await client.query(
      'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
    )
    const { rows } = await client.query<{ name: string }>('select name from migrations')
    const done = new Set(rows.map(({ name }) => name))
    const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
    const waiting = files.filter((name) => !done.has(name))
    for (const name of waiting) await apply(client, name)
    return { applied: waiting, walled: await raiseWalls(client) }
  } finally {
    await client.end()
  }
}

const apply = async (client: pg.Client, name: string): Promise<void> => {
  const statements = await readFile(new URL(name, folder), 'utf8')
  try {
    await client.query('begin')
    await client.query(statements)
    await client.query('insert into migrations (name) values ($1)', [name])
    await client.query('commit')
  } catch (failure) {
    await client.query('rollback')
    throw new Error(`migration ${name} failed, and left nothing behind`, { cause: failure })
  }
}
