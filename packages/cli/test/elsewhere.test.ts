import { afterAll, beforeAll, expect, test } from 'vitest'
import { twoDatabases } from '../../../test/setup/two-databases.ts'
import { balise } from './balise.ts'

let base: Awaited<ReturnType<typeof twoDatabases>>
beforeAll(async () => {
  base = await twoDatabases({ demo_on: 'eu2' })
})
afterAll(() => base.drop())

const verbs = ['site add demo', 'site retention demo', 'dead-letters list --site demo']

test.each(verbs)('a site on a database without a name here is said to live there: balise %s', async (says) => {
  expect(await balise(says.split(' '), { DATABASE_URL: base.databases.home })).toEqual({
    code: 1,
    printed: '',
    complained: 'a site lives on the database "eu2", which DATABASES does not name',
  })
})

test.each(verbs)('and is found where the database has one: balise %s', async (says) => {
  const { home, eu2 } = base.databases
  const settings = { DATABASE_URL: home, DATABASES: JSON.stringify({ eu2 }) }
  expect(await balise(says.split(' '), settings)).toMatchObject({ code: 0, complained: '' })
})
