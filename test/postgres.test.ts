import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPostgres } from '../dev/postgres/postgres.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'balise-postgres-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows
}

const pidOf = () => Number(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

test('what was committed is there after a stop, a crash of the server, and under a server nobody stopped', async () => {
  const first = await startPostgres({ dir })
  await ask(first.url, 'create table fact (n int)')
  await ask(first.url, 'insert into fact values (1)')
  await first.stop()

  const second = await startPostgres({ dir })
  await ask(second.url, 'insert into fact values (2)')
  process.kill(pidOf(), 'SIGKILL')
  await second.exited

  const third = await startPostgres({ dir })
  await ask(third.url, 'insert into fact values (3)')

  const fourth = await startPostgres({ dir })
  await third.exited
  expect(await ask(fourth.url, 'select n from fact order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  await fourth.stop()
})

test('it waits for the disk, listens on loopback only and keeps its password to itself', async () => {
  const { url, stop } = await startPostgres({ dir })
  const setting = async (name: string) => (await ask(url, `select current_setting('${name}') as value`))[0]
  expect(await setting('fsync')).toEqual({ value: 'on' })
  expect(await setting('synchronous_commit')).toEqual({ value: 'on' })
  expect(await setting('listen_addresses')).toEqual({ value: '127.0.0.1' })
  expect(await setting('unix_socket_directories')).toEqual({ value: '' })
  expect(statSync(join(dir, 'password')).mode & 0o777).toBe(0o600)
  const stranger = new URL(url)
  stranger.password = 'guess'
  await expect(ask(stranger.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  await stop()
})

test('what a statement or a row holds is not written to its log', async () => {
  const { url, stop } = await startPostgres({ dir })
  await ask(url, 'create table person (name text check (length(name) < 3))')
  await expect(ask(url, "insert into person values ('Awa Ndiaye')")).rejects.toMatchObject({ code: '23514' })
  await stop()
  const log = readFileSync(join(dir, 'log'), 'utf8')
  expect(log).toContain('violates check constraint')
  expect(log).not.toContain('Awa')
})

test.each([
  {
    broken: 'a version that is not ours',
    breaks: () => writeFileSync(join(dir, 'data', 'PG_VERSION'), '15\n'),
    sentence: /^The database in \S+ does not start: database files are incompatible with server \(its log: \S+\)\.$/,
  },
  {
    broken: 'a control file that is gone',
    breaks: () => rmSync(join(dir, 'data', 'global', 'pg_control')),
    sentence: /^The database in \S+ does not start: .*could not find the database system.* \(its log: \S+\)\.$/,
  },
  {
    broken: 'a password that is gone',
    breaks: () => rmSync(join(dir, 'password')),
    sentence: /^\S+password is gone, so the database beside it cannot be opened: put it back, or remove \S+\.$/,
  },
])('$broken is told in one sentence', async ({ breaks, sentence }) => {
  const { stop } = await startPostgres({ dir })
  await stop()
  breaks()
  await expect(startPostgres({ dir })).rejects.toMatchObject({
    name: 'Refusal',
    message: expect.stringMatching(sentence),
  })
})
