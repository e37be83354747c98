import { Client } from 'pg'
import { expect, test } from 'vitest'
import { freshDatabase } from './setup/database.ts'

test('two fresh databases see nothing of each other, and a dropped one is gone', async () => {
  const [one, two] = await Promise.all([freshDatabase(), freshDatabase()])
  const first = new Client({ connectionString: one.url })
  await first.connect()
  await first.query('create table note (text text)')
  await first.end()
  const second = new Client({ connectionString: two.url })
  await second.connect()
  const { rows } = await second.query("select to_regclass('note') as note, version()")
  expect(rows[0]).toMatchObject({ note: null, version: expect.stringMatching(/^PostgreSQL 18\./) })
  await second.end()
  await Promise.all([one.drop(), two.drop()])
  await expect(new Client({ connectionString: two.url }).connect()).rejects.toMatchObject({ code: '3D000' })
})
