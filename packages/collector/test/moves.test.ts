import { expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { movedTables } from '../src/store/moves.ts'
import { tell } from './faults-world.ts'

test('a table that holds something of a site is told what becomes of it when the site moves', async () => {
  const { url, drop } = await migratedDatabase()
  const tables = await tell<{ name: string }>(
    url,
    `select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid
     where attname = 'site' and relkind in ('r', 'p') and not relispartition
       and relnamespace = 'public'::regnamespace
     order by relname`,
  )
  await drop()
  expect(tables.map(({ name }) => name)).toEqual(Object.keys(movedTables).toSorted())
})
