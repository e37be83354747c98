import { migrate } from '@balise/cli/migrate'
import { saveSiteAs } from '@balise/cli/site'
import pg from 'pg'

/**
 * A migrated database with the site `bench`, and the bench's own eye on it. The eye's backend is told by its process id, so
 * that looking is not counted as work of the collector's.
 */
export type Base = { url: string; site: { id: number; key: string }; eye: pg.Client; eye_pid: number }

/** Makes a database of this name on a server. */
export const makeBase = async (server_url: string, name: string): Promise<Base> => {
  const server = new pg.Client({ connectionString: server_url })
  await server.connect()
  await server.query(`create database ${name}`)
  await server.end()

  const database = new URL(server_url)
  database.pathname = `/${name}`
  const url = database.href
  await migrate({ database_url: url })
  const site = await saveSiteAs(url, { key: 'bench' })

  const eye = new pg.Client({ connectionString: url, application_name: 'bench' })
  await eye.connect()
  await eye.query('set max_parallel_workers_per_gather = 0')
  const { rows } = await eye.query<{ pid: number }>('select pg_backend_pid() as pid')
  return { url, site, eye, eye_pid: rows[0]?.pid ?? 0 }
}
