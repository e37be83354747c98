import { neon } from '@neondatabase/serverless'
import { expect, test } from 'vitest'
import { served } from './served.ts'

test('a batch is one transaction: all of it or nothing', async () => {
  const { database_url } = await served()
  const sql = neon(database_url)
  await sql`create table note (id int primary key)`
  const failing = sql.transaction([sql`insert into note values (1)`, sql`insert into note values (1)`, sql`select 1`])
  await expect(failing).rejects.toMatchObject({ code: '23505', constraint: 'note_pkey' })
  expect(await sql`select * from note`).toEqual([])
  const [, ids, xids] = await sql.transaction([
    sql`insert into note values (1), (2)`,
    sql`select id from note order by id`,
    sql`select count(distinct xmin::text)::int as transactions from note`,
  ])
  expect(ids).toEqual([{ id: 1 }, { id: 2 }])
  expect(xids).toEqual([{ transactions: 1 }])
})

test('a constraint that is checked at the commit undoes the batch', async () => {
  const { database_url } = await served()
  const sql = neon(database_url)
  await sql`create table note (id int primary key, parent int references note deferrable initially deferred)`
  await expect(sql.transaction([sql`insert into note values (1, 2)`])).rejects.toMatchObject({ code: '23503' })
  expect(await sql`select * from note`).toEqual([])
})

test.each([
  ['nothing asked', {}, 'read committed', 'off', 'off'],
  ['ReadUncommitted', { isolationLevel: 'ReadUncommitted' }, 'read uncommitted', 'off', 'off'],
  ['ReadCommitted', { isolationLevel: 'ReadCommitted' }, 'read committed', 'off', 'off'],
  ['RepeatableRead', { isolationLevel: 'RepeatableRead' }, 'repeatable read', 'off', 'off'],
  ['Serializable', { isolationLevel: 'Serializable' }, 'serializable', 'off', 'off'],
  ['read only', { readOnly: true }, 'read committed', 'on', 'off'],
  ['not read only', { readOnly: false, deferrable: false }, 'read committed', 'off', 'off'],
  ['all three', { isolationLevel: 'Serializable', readOnly: true, deferrable: true }, 'serializable', 'on', 'on'],
] as const)('a batch runs as asked: %s', async (_, options, isolation, read_only, deferrable) => {
  const { database_url } = await served()
  const sql = neon(database_url)
  const settings = await sql.transaction(
    [sql`show transaction_isolation`, sql`show transaction_read_only`, sql`show transaction_deferrable`],
    options,
  )
  expect(settings).toEqual([
    [{ transaction_isolation: isolation }],
    [{ transaction_read_only: read_only }],
    [{ transaction_deferrable: deferrable }],
  ])
})

test('a read-only batch may not write, and leaves nothing read-only behind', async () => {
  const { database_url } = await served({ connections_max: 1 })
  const sql = neon(database_url)
  await sql`create table note (id int)`
  const writing = sql.transaction([sql`insert into note values (1)`], { readOnly: true })
  await expect(writing).rejects.toMatchObject({ code: '25006' })
  expect(await sql`insert into note values (2) returning id`).toEqual([{ id: 2 }])
})

test('an isolation level that does not exist is refused by name', async () => {
  const { database_url } = await served()
  const sql = neon(database_url)
  const levels = { isolationLevel: 'Snapshot' } as unknown as { isolationLevel: 'Serializable' }
  await expect(sql.transaction([sql`select 1`], levels)).rejects.toMatchObject({
    code: '22023',
    message: expect.stringMatching(/^invalid isolation level/),
  })
})

test('a batch may be empty, and may ask for full results and arrays', async () => {
  const { database_url } = await served()
  const sql = neon(database_url)
  expect(await sql.transaction([])).toEqual([])
  const full = await sql.transaction([sql`select 1 as one`], { fullResults: true, arrayMode: true })
  expect(full).toMatchObject([{ command: 'SELECT', rowCount: 1, rows: [[1]], rowAsArray: true }])
})

test('serializable batches that contradict each other do not both happen', async () => {
  const { database_url } = await served()
  const sql = neon(database_url)
  await sql`create table note (id int)`
  const insert = () =>
    sql.transaction([sql`insert into note select count(*) from note`, sql`select pg_sleep(0.2)::text`], {
      isolationLevel: 'Serializable',
    })
  const outcomes = await Promise.allSettled([insert(), insert()])
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason.code)
  expect(refused).toEqual(['40001'])
  expect(await sql`select count(*)::int as notes from note`).toEqual([{ notes: 1 }])
})
