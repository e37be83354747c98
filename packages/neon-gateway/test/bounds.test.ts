import { once } from 'node:events'
import { connect } from 'node:net'
import { neon } from '@neondatabase/serverless'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { served } from './served.ts'

test('a body too large is refused by name, and the next request is served', async () => {
  const { database_url } = await served({ body_bytes_max: 1_000_000 })
  const sql = neon(database_url)
  const huge = sql`select length(${'x'.repeat(5_000_000)})`
  await expect(huge).rejects.toThrow(/HTTP status 413.*54000.*max is 1000000 bytes/)
  expect(await sql`select length(${'x'.repeat(900_000)}) as length`).toEqual([{ length: 900_000 }])
})

test('an answer too large is refused by name, and a batch that gave it undone', async () => {
  const { database_url } = await served({ answer_chars_max: 1_000 })
  const sql = neon(database_url)
  await expect(sql`select repeat('x', 100) from generate_series(1, 11)`).rejects.toThrow(
    /HTTP status 507.*54000.*at most 1000 characters/,
  )
  await sql`create table note (id int)`
  const batch = sql.transaction([sql`insert into note values (1)`, sql`select repeat('x', 1001)`])
  await expect(batch).rejects.toThrow(/HTTP status 507/)
  expect(await sql`select * from note`).toEqual([])
})

test('a statement that runs too long is cancelled by Postgres, and its connection goes on', async () => {
  const { database_url } = await served({ statement_ms_max: 50, connections_max: 1 })
  const sql = neon(database_url)
  const before = await sql`select pg_backend_pid() as pid`
  await expect(sql`select pg_sleep(60)`).rejects.toMatchObject({ code: '57014' })
  expect(await sql`select pg_backend_pid() as pid`).toEqual(before)
})

test('a Postgres that stays silent is given up', async () => {
  const { database_url } = await served({ request_ms_max: 50 })
  await expect(neon(database_url)`select pg_sleep(60)`).rejects.toMatchObject({ code: '08006' })
})

test('who waits too long for a connection is told so', async () => {
  const { database_url } = await served({ connections_max: 1, connection_ms_max: 300 })
  const sql = neon(database_url)
  await sql`select 1`
  const long = sql`select pg_sleep(2)::text as slept`
  const [first, second] = await Promise.allSettled([long, sql`select 1`])
  expect([first.status, second]).toMatchObject(['fulfilled', { reason: { code: '53300' } }])
})

test('one more than may wait is refused at once', async () => {
  const { database_url } = await served({ connections_max: 1, waiting_max: 2 })
  const sql = neon(database_url)
  await sql`select 1`
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => sql`select pg_sleep(0.5)::text`))
  const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done'))
  expect(codes.sort()).toEqual(['53300', '53300', 'done', 'done', 'done'])
})

test('one socket too many is refused by name, over HTTP and WebSocket', async () => {
  const { url, port, database_url } = await served({ sockets_max: 2 })
  for (const _ of [1, 2]) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    onTestFinished(() => void socket.destroy())
  }
  await expect(neon(database_url)`select 1`).rejects.toMatchObject({ code: '53300' })
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v2`)
  const [heard] = await once(socket, 'message')
  expect(String(heard)).toMatch(/53300.*at most 2 sockets/s)
})

test.each([
  ['a batch of too many statements', { queries: [{ query: 'a' }, { query: 'b' }, { query: 'c' }] }, '54000'],
  ['too many parameters', { query: 'select 1', params: Array(65_536).fill(null) }, '54000'],
  ['no JSON', 'select 1', '08P01'],
  ['JSON that is no object', [1], '08P01'],
  ['a query that is no text', { query: 1 }, '08P01'],
  ['no query', {}, '08P01'],
  ['parameters that are no list', { query: 'select 1', params: 'x' }, '08P01'],
  ['queries that are no list', { queries: 'x' }, '08P01'],
  ['a query in a batch that is none', { queries: [null] }, '08P01'],
])('%s is refused', async (_, body, code) => {
  const { url, database_url } = await served({ batch_statements_max: 2 })
  const response = await post(url, { 'Neon-Connection-String': database_url }, body)
  expect(response).toMatchObject({ status: 400, error: { code, message: expect.any(String) } })
})

test.each([
  ['no credentials', {}, 400, '08P01'],
  ['credentials that are no URL', { 'Neon-Connection-String': 'x' }, 400, '08P01'],
  ['credentials for another kind of database', { 'Neon-Connection-String': 'mysql://a:b@c/d' }, 400, '08P01'],
  ['credentials without a user', { 'Neon-Connection-String': 'postgres://localhost/d' }, 400, '08P01'],
  ['credentials with a broken escape', { 'Neon-Connection-String': 'postgres://a:%ff@c/d' }, 400, '28P01'],
  ['a page of the open web', { Origin: 'https://evil.example' }, 403, '28000'],
  ['a page without an origin', { Origin: 'null' }, 403, '28000'],
])('%s are refused', async (_, headers, status, code) => {
  const { url } = await served()
  expect(await post(url, headers, { query: 'select 1' })).toMatchObject({ status, error: { code } })
})

test('values are only given as raw text', async () => {
  const { url, database_url } = await served()
  const headers = { 'Neon-Connection-String': database_url, 'Neon-Raw-Text-Output': 'false' }
  expect(await post(url, headers, { query: 'select 1' })).toMatchObject({ status: 400, error: { code: '0A000' } })
})

test('a page of this machine is answered', async () => {
  const { url, database_url } = await served()
  const headers = { 'Neon-Connection-String': database_url, Origin: 'http://localhost:8787' }
  expect((await post(url, headers, { query: 'select 1' })).status).toBe(200)
})

test.each([
  ['GET', '/sql', 405],
  ['POST', '/', 404],
  ['POST', '/sql/other', 404],
])('%s %s answers %i', async (method, path, status) => {
  const { url } = await served()
  expect((await fetch(url + path, { method })).status).toBe(status)
})

test.each([
  ['/v1', {}, 404],
  ['/v2', { origin: 'https://evil.example' }, 403],
])('a WebSocket at %s with %o is refused', async (path, options, status) => {
  const { url } = await served()
  const socket = new WebSocket(url.replace('http', 'ws') + path, options)
  const [failure] = await once(socket, 'error').catch((error: unknown) => [error])
  expect(failure).toMatchObject({ message: `Unexpected server response: ${status}` })
})

async function post(url: string, headers: Record<string, string>, body: unknown) {
  const response = await fetch(`${url}/sql`, {
    method: 'POST',
    headers: { 'Neon-Raw-Text-Output': 'true', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, error: await response.json() }
}
