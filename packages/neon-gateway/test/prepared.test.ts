import { neon } from '@neondatabase/serverless'
import { expect, test } from 'vitest'
import { served } from './served.ts'

/** One connection, so that each request meets what the one before left prepared. */
const one_connection = { connections_max: 1 }

const prepared = 'select name, statement from pg_prepared_statements order by prepare_time'

test('the same SQL is parsed once per connection', async () => {
  const { database_url } = await served(one_connection)
  const sql = neon(database_url)
  for (const n of [1, 2, 3]) await sql`select ${n}::int as n`
  expect(await sql.query(prepared)).toEqual([
    { name: 's0', statement: 'select $1::int as n' },
    { name: 's1', statement: prepared },
  ])
})

test.each([
  ['a table that gains a column', ['alter table note add column text text'], [{ id: 1, text: null }]],
  ['a column of another type', ['alter table note alter column id type text'], [{ id: '1' }]],
  ['a table made anew', ['drop table note', 'create table note (name text)'], []],
  ['discard all', ['discard all'], [{ id: 1 }]],
  ['deallocate all', ['deallocate all'], [{ id: 1 }]],
])('%s breaks no prepared statement', async (_, changes, rows) => {
  const { database_url } = await served(one_connection)
  const sql = neon(database_url)
  await sql`create table note (id int)`
  await sql`insert into note values (1)`
  const read = () => sql`select * from note`
  expect(await read()).toEqual([{ id: 1 }])
  for (const change of changes) await sql.query(change)
  expect(await read()).toEqual(rows)
  expect(await read()).toEqual(rows)
})

test('a batch over an altered table is done once, not twice', async () => {
  const { database_url } = await served(one_connection)
  const sql = neon(database_url)
  await sql`create table note (id int)`
  const batch = () => sql.transaction([sql`insert into note values (1)`, sql`select * from note`])
  await batch()
  await sql`alter table note add column text text`
  const [, notes] = await batch()
  expect(notes).toHaveLength(2)
})

test('a connection holds a bounded number of prepared statements', async () => {
  const { database_url } = await served({ ...one_connection, prepared_max: 4 })
  const sql = neon(database_url)
  const held = []
  for (let n = 0; n < 12; n++) {
    await sql.query(`select ${n}`)
    held.push((await sql`select count(*)::int as held from pg_prepared_statements`)[0]?.['held'])
  }
  expect(Math.max(...held)).toBe(4)
})

test.each([
  ['none is kept where none may be', { prepared_max: 0 }, 'select 1'],
  ['a long text is not kept', { prepared_chars_max: 70 }, `select '${'x'.repeat(70)}'`],
])('%s', async (_, limits, query) => {
  const { database_url } = await served({ ...one_connection, ...limits })
  const sql = neon(database_url)
  await sql.query(query)
  expect(await sql.query('select statement from pg_prepared_statements where statement = $1', [query])).toEqual([])
})
