import { NeonDbError, neon } from '@neondatabase/serverless'
import { expect, test } from 'vitest'
import { changed, served } from './served.ts'

test.each([
  ['a bigint beyond what a number holds', "'9007199254740993'::bigint", '9007199254740993'],
  ['an integer', '42::int', 42],
  ['a numeric with its zeros', '1.50::numeric', '1.50'],
  ['a float', '0.1::float8', 0.1],
  ['a boolean', 'true', true],
  ['a text with quotes, a zero-width joiner and an emoji', `'o''"\\ \u200d 🧭'`, `o'"\\ \u200d 🧭`],
  ['an empty text', "''", ''],
  ['jsonb', `'{"a": [1, null, "x"]}'::jsonb`, { a: [1, null, 'x'] }],
  ['a moment', "'2026-10-01 12:00:00.123+02'::timestamptz", new Date('2026-10-01T10:00:00.123Z')],
  ['an array of integers', "'{1,NULL,3}'::int[]", [1, null, 3]],
  ['an array of texts', `array['a,b', '"c"', null]`, ['a,b', '"c"', null]],
  ['bytes', "'\\xdeadbeef'::bytea", Buffer.from('deadbeef', 'hex')],
  ['a uuid', "'01980000-0000-7000-8000-000000000000'::uuid", '01980000-0000-7000-8000-000000000000'],
  ['nothing', 'null::int', null],
])('%s arrives as the driver knows it', async (_, expression, value) => {
  const { database_url } = await served()
  const sql = neon(database_url)
  expect(await sql.query(`select ${expression} as value`)).toEqual([{ value }])
})

test('every kind of parameter reaches Postgres and comes back the same', async () => {
  const { database_url } = await served()
  const sql = neon(database_url)
  const at = new Date('2026-10-01T10:00:00.123Z')
  const bytes = Buffer.from([0, 255, 10])
  const rows = await sql`
    select ${null}::int as nothing, ${true}::bool as yes, ${7}::int as number, ${'9007199254740993'}::bigint as big,
      ${"it's"}::text as text, ${['a', 'b,"c"', null]}::text[] as list, ${{ a: ['x'] }}::jsonb as object,
      ${at}::timestamptz as at, ${bytes}::bytea as bytes`
  expect(rows).toEqual([
    {
      nothing: null,
      yes: true,
      number: 7,
      big: '9007199254740993',
      text: "it's",
      list: ['a', 'b,"c"', null],
      object: { a: ['x'] },
      at,
      bytes,
    },
  ])
})

test('parameters sent as plain JSON values mean what Neon makes of them', async () => {
  const { url, database_url } = await served()
  const query = 'select $1::int as n, $2::bool as b, $3::jsonb as o, $4::int[] as l, $5::text as s'
  const response = await fetch(`${url}/sql`, {
    method: 'POST',
    headers: { 'Neon-Connection-String': database_url, 'Neon-Raw-Text-Output': 'true' },
    body: JSON.stringify({ query, params: [1, false, { a: 1 }, [1, null, 2], null] }),
  })
  expect(await response.json()).toEqual({
    command: 'SELECT',
    rowCount: 1,
    rows: [{ n: '1', b: 'f', o: '{"a": 1}', l: '{1,NULL,2}', s: null }],
    fields: ['n', 'b', 'o', 'l', 's'].map((name) => expect.objectContaining({ name, format: 'text' })),
    rowAsArray: false,
  })
})

test.each([
  ['create table note (id int primary key, text text)', 'CREATE', null, []],
  ["insert into note values (1, 'a'), (2, 'b')", 'INSERT', 2, []],
  ["update note set text = 'c' where id = 1", 'UPDATE', 1, []],
  ['select id from note order by id', 'SELECT', 2, [{ id: 1 }, { id: 2 }]],
  ['select id from note where false', 'SELECT', 0, []],
  ['delete from note returning id', 'DELETE', 2, [{ id: 1 }, { id: 2 }]],
])('%s says what it did', async (query, command, rowCount, rows) => {
  const { database_url } = await served()
  const sql = neon(database_url, { fullResults: true })
  if (command !== 'CREATE') await sql`create table note (id int primary key, text text)`
  if (command !== 'CREATE' && command !== 'INSERT') await sql`insert into note values (1, 'a'), (2, 'b')`
  expect(await sql.query(query)).toMatchObject({ command, rowCount, rows })
})

test('full results describe their columns, and array mode gives rows as arrays', async () => {
  const { database_url } = await served()
  const sql = neon(database_url, { fullResults: true, arrayMode: true })
  expect(await sql`select 1 as id, 'x'::varchar(8) as name, 2 as id`).toMatchObject({
    command: 'SELECT',
    rowCount: 1,
    rowAsArray: true,
    rows: [[1, 'x', 2]],
    fields: [
      { name: 'id', dataTypeID: 23, dataTypeSize: 4, dataTypeModifier: -1, tableID: 0, columnID: 0, format: 'text' },
      { name: 'name', dataTypeID: 1043, dataTypeModifier: 12 },
      { name: 'id', dataTypeID: 23 },
    ],
  })
})

test.each([
  ['select 1 frm x y', { code: '42601', position: '14', severity: 'ERROR', routine: 'scanner_yyerror' }],
  ['select * from nowhere', { code: '42P01', position: '15', message: 'relation "nowhere" does not exist' }],
  ['select nme from note', { code: '42703', hint: 'Perhaps you meant to reference the column "note.name".' }],
  [
    "insert into note values (1, 'b')",
    { code: '23505', table: 'note', constraint: 'note_pkey', schema: 'public', detail: 'Key (id)=(1) already exists.' },
  ],
  ['insert into note values (2)', { code: '23502', table: 'note', column: 'name' }],
  ["insert into note values (2, 'x'), (2, 'y')", { code: '23505' }],
  ['select 1; select 2', { code: '42601', message: 'cannot insert multiple commands into a prepared statement' }],
  ["select 'x'::int", { code: '22P02' }],
  ['do $$ begin perform 1/0; end $$', { code: '22012', where: expect.stringContaining('PL/pgSQL') }],
])('%s fails in the words of Postgres', async (query, words) => {
  const { database_url } = await served()
  const sql = neon(database_url)
  await sql`create table note (id int primary key, name text not null)`
  await sql`insert into note values (1, 'a')`
  const failure = await sql.query(query).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(NeonDbError)
  expect(failure).toMatchObject(words)
  expect(await sql`select count(*)::int as notes from note`).toEqual([{ notes: 1 }])
})

test.each([
  [
    'a wrong password',
    'password',
    'wrong',
    { code: '28P01', message: 'password authentication failed for user "balise"' },
  ],
  ['no password', 'password', '', { code: '28P01' }],
  ['another user', 'username', 'eve', { code: '28P01', message: 'password authentication failed for user "eve"' }],
  ['another database', 'pathname', '/postgres', { code: '3D000', message: 'database "postgres" does not exist' }],
] as const)('%s is refused as Neon refuses it', async (_, part, value, words) => {
  const { database_url } = await served()
  const sql = neon(changed(database_url, part, value))
  await expect(sql`select 1`).rejects.toMatchObject({ ...words, severity: 'FATAL' })
})

test('a hundred requests at once get their own answers', async () => {
  const { database_url } = await served({ connections_max: 4 })
  const sql = neon(database_url)
  const numbers = Array.from({ length: 100 }, (_, at) => at)
  const answers = await Promise.all(numbers.map((n) => sql`select ${n}::int as n, pg_sleep(0.001)::text`))
  expect(answers.map(([row]) => row?.['n'])).toEqual(numbers)
})

test('a transaction left open by one request is not found by the next', async () => {
  const { database_url } = await served({ connections_max: 1 })
  const sql = neon(database_url)
  await sql`create table note (id int)`
  await sql`begin`
  await sql`insert into note values (1)`
  expect(await sql`select pg_current_xact_id_if_assigned() as open, count(*)::int as notes from note`).toEqual([
    { open: null, notes: 1 },
  ])
})
