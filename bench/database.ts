import { join } from 'node:path'
import { migrate } from '@balise/cli/migrate'
import { saveSiteAs } from '@balise/cli/site'
import pg from 'pg'
import { root } from '../dev/command.ts'
import { type Postgres, startPostgres } from '../dev/postgres/postgres.ts'

/** The database that benches of stored events share, with its site `bench`. */
export type BenchDatabase = { url: string; site: { id: number }; client: pg.Client; stop: () => Promise<void> }

/** Opens `DATABASE_URL`, or a Postgres of our own that keeps its data under `.balise/bench` from one bench to the next. */
export const openBenchDatabase = async (): Promise<BenchDatabase> => {
  const given = process.env['DATABASE_URL']
  const own: Postgres | undefined = given ? undefined : await startPostgres({ dir: join(root, '.balise', 'bench') })
  const url = given ?? own?.url ?? ''
  await migrate({ database_url: url })
  const site = await saveSiteAs(url, { key: 'bench' })
  const client = new pg.Client({ connectionString: url, application_name: 'bench' })
  await client.connect()
  return { url, site, client, stop: () => client.end().then(() => own?.stop()) }
}
