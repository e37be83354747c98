import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { neon, Pool } from '@neondatabase/serverless'
import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { startPostgres } from '../../../dev/postgres/postgres.ts'
import { createGateway } from '../src/gateway.ts'
import { served } from './served.ts'

test.each(['0.0.0.0', '::', '10.0.0.1', '192.168.1.1', '::ffff:10.0.0.1', 'example.com', ''])(
  'it does not listen on %s',
  async (host) => {
    const gateway = createGateway({ database_url: inject('database_url'), host })
    await expect(gateway).rejects.toThrow(/^A gateway listens on loopback only/)
  },
)

test.each(['127.0.0.1', '127.1.2.3', 'localhost'])('it listens on %s', async (host) => {
  const gateway = await createGateway({ database_url: inject('database_url'), host })
  onTestFinished(() => gateway.close())
  expect(await neon(gateway.database_url)`select 1 as one`).toEqual([{ one: 1 }])
})

test('a port that is taken is said to be', async () => {
  const { port, behind_url } = await served()
  await expect(createGateway({ database_url: behind_url, port })).rejects.toMatchObject({ code: 'EADDRINUSE', port })
})

test('credentials may hold any character', async () => {
  const { behind_url } = await served()
  const admin = new Client({ connectionString: behind_url })
  await admin.connect()
  onTestFinished(async () => {
    await admin.query('drop role "a@b/c d"')
    await admin.end()
  })
  await admin.query(`create role "a@b/c d" login password 'p:w%/@?#é'`)
  const database_url = new URL(behind_url)
  database_url.username = encodeURIComponent('a@b/c d')
  database_url.password = encodeURIComponent('p:w%/@?#é')
  const gateway = await createGateway({ database_url: database_url.href })
  onTestFinished(() => gateway.close())
  expect(await neon(gateway.database_url)`select current_user as who`).toEqual([{ who: 'a@b/c d' }])
  const pool = new Pool({ connectionString: gateway.database_url })
  pool.on('error', () => undefined)
  expect((await pool.query('select current_user as who')).rows).toEqual([{ who: 'a@b/c d' }])
  await pool.end()
})

test('Postgres may be away and come back', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'balise-gateway-'))
  const settings = { fsync: 'off' }
  const first = await startPostgres({ dir, settings })
  const gateway = await createGateway({ database_url: first.url })
  const sql = neon(gateway.database_url)
  const pool = new Pool({ connectionString: gateway.database_url })
  pool.on('error', () => undefined)
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }])
  await pool.query('select 1')

  const running = sql`select pg_sleep(60)`.catch((error: unknown) => error)
  await expect.poll(() => sql`select query from pg_stat_activity where query = 'select pg_sleep(60)'`).toHaveLength(1)
  await first.stop()
  expect(await running).toMatchObject({ code: expect.stringMatching(/^(57P01|08006)$/) })
  await expect(sql`select 1`).rejects.toMatchObject({ code: '08001', message: expect.stringContaining('ECONNREFUSED') })
  await expect(pool.query('select 1')).rejects.toMatchObject({ code: '08001' })

  const second = await startPostgres({ dir, settings, port: first.port })
  expect(await sql`select 2 as two`).toEqual([{ two: 2 }])
  expect((await pool.query('select 2 as two')).rows).toEqual([{ two: 2 }])

  await pool.end()
  await gateway.close()
  await second.stop()
  rmSync(dir, { recursive: true, force: true })
})

test('a closed gateway cuts what runs and leaves nothing, here or in Postgres', async () => {
  const { behind_url } = await served()
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(import.meta.resolve('./close.fixture.ts')),
    behind_url,
  ])
  expect(stdout.trim().split('\n').sort()).toEqual(['HTTP cut', 'WebSocket cut', 'closed'])
  const admin = new Client({ connectionString: behind_url })
  await admin.connect()
  onTestFinished(() => admin.end())
  const others = `
    select count(*)::int as others
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`
  // Postgres notices that its client is gone when the statement ends.
  await expect.poll(async () => (await admin.query(others)).rows, { timeout: 8_000 }).toEqual([{ others: 0 }])
})
