import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/setup/database.ts'
import { balise } from './balise.ts'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

const run = (...words: string[]) => balise(words, { DATABASE_URL: database.url })

test('a new database is migrated and says what was applied; the second time nothing is', async () => {
  const first = await run('migrate')
  expect(first).toMatchObject({ code: 0, complained: '' })
  expect(first.printed).toMatch(/^home: applied 0001\S+\.sql, .+\.sql$/)
  expect(await run('migrate')).toEqual({ code: 0, printed: 'home: the schema is the newest', complained: '' })
})

test.each<[string[], string]>([
  [['dead-letters', 'list'], 'nothing is set aside'],
  [['dead-letters', 'retry'], 'nothing is set aside'],
  [['rollups', 'check'], 'rollups equal raw events: there are no sites'],
  [['rollups', 'rebuild'], 'rollups made anew: there are no sites'],
])('where there are no sites, all of them are seen to: %j', async (words, printed) => {
  expect(await run(...words)).toEqual({ code: 0, printed, complained: '' })
})
