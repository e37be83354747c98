import { Client, neonConfig, Pool } from '@neondatabase/serverless'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { changed, served } from './served.ts'

afterEach(() => {
  neonConfig.pipelineConnect = 'password'
})

function poolOf(connectionString: string): Pool {
  const pool = new Pool({ connectionString })
  pool.on('error', () => undefined)
  onTestFinished(() => pool.end())
  return pool
}

describe.each([
  ['startup, password and query sent at once, as is the default', 'password'],
  ['each message awaited', false],
] as const)('with %s', (_, pipelineConnect) => {
  test('an interactive transaction sees itself, rolls back and commits', async () => {
    const { database_url } = await served()
    neonConfig.pipelineConnect = pipelineConnect
    const pool = poolOf(database_url)
    await pool.query('create table note (id int)')
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into note values ($1)', [1])
    expect((await client.query('select * from note')).rows).toEqual([{ id: 1 }])
    expect((await pool.query('select * from note')).rows).toEqual([])
    await client.query('rollback')
    expect((await client.query('select * from note')).rows).toEqual([])
    await client.query('begin isolation level serializable')
    await client.query('insert into note values ($1)', [2])
    await client.query('commit')
    client.release()
    expect((await pool.query('select * from note')).rows).toEqual([{ id: 2 }])
  })

  test.each([
    ['a wrong password', 'password', 'wrong', '28P01'],
    ['another user', 'username', 'eve', '28P01'],
    ['another database', 'pathname', '/postgres', '3D000'],
  ] as const)('%s is refused', async (_, part, value, code) => {
    const { database_url } = await served()
    neonConfig.pipelineConnect = pipelineConnect
    await expect(poolOf(changed(database_url, part, value)).query('select 1')).rejects.toMatchObject({ code })
  })
})

test('the session is the one the client asked for', async () => {
  const { database_url } = await served()
  const client = new Client({
    connectionString: database_url,
    application_name: "the street's test",
    options: '-c work_mem=8MB',
    statement_timeout: 1234,
  })
  await client.connect()
  onTestFinished(() => client.end())
  const { rows } = await client.query(
    "select current_setting('application_name') as name, current_setting('work_mem') as memory, current_setting('statement_timeout') as wait",
  )
  expect(rows).toEqual([{ name: "the street's test", memory: '8MB', wait: '1234ms' }])
})

test('large results and large parameters pass whole', async () => {
  const { database_url } = await served()
  const pool = poolOf(database_url)
  const long = 'é'.repeat(3_000_000)
  const { rows } = await pool.query('select $1::text as long, length($1) as length', [long])
  expect(rows[0].length).toBe(3_000_000)
  expect(rows[0].long === long).toBe(true)
})

test('errors come with their SQLSTATE, and the session goes on', async () => {
  const { database_url } = await served()
  const pool = poolOf(database_url)
  const client = await pool.connect()
  onTestFinished(() => client.release())
  await expect(client.query('select * from nowhere')).rejects.toMatchObject({ code: '42P01', position: '15' })
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})

test('whatever address a client names, it gets the one database', async () => {
  const { database_url, behind_url, url } = await served()
  const client = new Client(database_url)
  client.neonConfig.wsProxy = () => `${url.slice('http://'.length)}/v2?address=elsewhere.example:5432`
  await client.connect()
  onTestFinished(() => client.end())
  const { rows } = await client.query('select current_database() as name')
  expect(rows).toEqual([{ name: new URL(behind_url).pathname.slice(1) }])
})

test('one session too many is refused by name, and taken once another has ended', async () => {
  const { database_url } = await served({ tunnels_max: 1 })
  const first = new Client(database_url)
  await first.connect()
  await first.query('select 1')
  await expect(poolOf(database_url).query('select 1')).rejects.toMatchObject({ code: '53300' })
  await first.end()
  await expect
    .poll(() =>
      poolOf(database_url)
        .query('select 1')
        .then(
          ({ rowCount }) => rowCount,
          () => 0,
        ),
    )
    .toBe(1)
})

test.each([
  ['nothing at all', Buffer.alloc(0), { login_ms_max: 50 }, /57014.*No login within 50 ms/s],
  ['half a startup message', Buffer.of(0, 0, 0, 99, 0, 3), { login_ms_max: 50 }, /57014/],
  ['a length without end', Buffer.of(127, 255, 255, 255, 0, 3, 0, 0), {}, /^$/],
  ['an old protocol', Buffer.of(0, 0, 0, 9, 0, 2, 0, 0, 0), {}, /08P01.*protocol 3/s],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), {}, /^$/],
])('a client that sends %s is let go', async (_, bytes, limits, words) => {
  const { url } = await served(limits)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v2`)
  let heard = ''
  socket.on('message', (data) => {
    heard += data.toString()
  })
  socket.on('open', () => socket.send(bytes))
  await new Promise((settle) => socket.once('close', settle))
  expect(heard).toMatch(words)
})

test('a client that asks for encryption first is told that there is none here', async () => {
  const { url } = await served()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v2`)
  onTestFinished(() => socket.terminate())
  socket.on('open', () => socket.send(Buffer.of(0, 0, 0, 8, 4, 210, 22, 47)))
  const heard = await new Promise((settle) => socket.once('message', (data) => settle(data.toString())))
  expect(heard).toBe('N')
})
