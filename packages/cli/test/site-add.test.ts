import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { twoDatabases } from '../../../test/setup/two-databases.ts'
import { balise } from './balise.ts'

let base: Awaited<ReturnType<typeof twoDatabases>>
beforeAll(async () => {
  base = await twoDatabases()
})
afterAll(() => base.drop())

const add = (says: string) => {
  const { home, eu2 } = base.databases
  return balise(['site', 'add', ...says.split(' ')], { DATABASE_URL: home, DATABASES: JSON.stringify({ eu2 }) })
}

describe.each([
  ['at home', 'shop', ''],
  ['on another database', 'far', ' --database eu2'],
])('of a site %s what is not named stays as it is', (_, key, place) => {
  test.each<[does: string, says: string, told: string]>([
    ['a new one has the defaults', place, 'time zone UTC, hosts any, bots refuse, events per day any'],
    [
      'all of it is set',
      ' --time-zone Africa/Douala --host a.example --host b.example --bots count --events-per-day 1000',
      'time zone Africa/Douala, hosts a.example, b.example, bots count, events per day 1000',
    ],
    ['nothing is named', '', 'time zone Africa/Douala, hosts a.example, b.example, bots count, events per day 1000'],
    [
      'its hosts are others',
      ' --host C.Example',
      'time zone Africa/Douala, hosts c.example, bots count, events per day 1000',
    ],
    ['it has hosts no more', ' --host any', 'time zone Africa/Douala, hosts any, bots count, events per day 1000'],
    ['its quota is nothing', ' --events-per-day 0', 'time zone Africa/Douala, hosts any, bots count, events per day 0'],
    [
      'it has a quota no more',
      ' --events-per-day any --bots refuse',
      'time zone Africa/Douala, hosts any, bots refuse, events per day any',
    ],
  ])('%s', async (_does, says, told) => {
    expect(await add(`${key}${says}`)).toEqual({ code: 0, printed: `site ${key}: ${told}`, complained: '' })
  })
})

test.each<[says: string, sentence: string]>([
  ['Shop', '"Shop" is no key: small letters and digits, and after the first also . _ and -; 64 at most.'],
  ['shop --database eu2', 'The site "shop" lives on "home". Move it: balise site move shop --to eu2'],
  [
    'new --host any --host a.example',
    '--host takes the name of a host, like shop.example, 100 at most, or any, not "any" and "a.example".',
  ],
])('balise site add %s is refused', async (says, sentence) => {
  expect(await add(says)).toEqual({ code: 1, printed: '', complained: sentence })
})
