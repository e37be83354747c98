import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/setup/database.ts'
import { options } from '../src/options.ts'
import { verbs } from '../src/verbs.ts'
import { balise } from './balise.ts'

/** Nothing listens there: whatever is refused here is refused before a database is asked. */
const nowhere = { DATABASE_URL: 'postgres://127.0.0.1:1/none' }

describe('what means nothing is refused by its name, before anything is done', () => {
  test.each<[says: string, sentence: string]>([
    ['site retention --months 13', 'Say which site: balise site retention KEY'],
    ['site move shop', 'Say where to: balise site move KEY --to NAME'],
    ['token create', 'Say which site: balise token create --site KEY'],
    ['site add shop extra', 'balise site add does not know the word "extra". See balise --help.'],
    ['dead-letters retry shop', 'balise dead-letters retry does not know the word "shop". See balise --help.'],
    ['site move shop2 --bots count', 'balise site move does not know --bots. It knows --to.'],
    ['site retention shop --month 3', 'balise site retention does not know --month. It knows --months, --sums.'],
    ['migrate -v', 'balise migrate does not know -v. It knows no options.'],
    ['site add shop --time-zone Douala', '--time-zone takes an IANA time zone, like Africa/Douala, not "Douala".'],
    ['site add shop --bots refuse --bots count', '--bots takes refuse or count, not "refuse" and "count".'],
    ['site retention shop --months x', '--months takes a whole number from 1 to 120, or all, not "x".'],
    ['token create --site --label x', '--site takes the key of a site.'],
    ['site retention shop --months', '--months takes a whole number from 1 to 120, or all.'],
    ['token create --site shop --scope foo', '--scope takes query or privacy, not "foo".'],
  ])('balise %s', async (says, sentence) => {
    expect(await balise(says.split(' '), nowhere)).toEqual({ code: 1, printed: '', complained: sentence })
  })

  test.each<[says: string, begins: string]>([
    ['site add shop2 --to eu2', 'balise site add does not know --to. It knows --time-zone, --host, '],
    ['site add shop --host https://shop.example', '--host takes the name of a host, like shop.example'],
    ['site add shop --events-per-day many', '--events-per-day takes a whole number'],
  ])('balise %s', async (says, begins) => {
    const { code, complained } = await balise(says.split(' '), nowhere)
    expect(complained).toContain(begins)
    expect(complained.split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })
})

describe('the usage', () => {
  const usage = /^balise: the operator's verbs\./

  test.each(['--help', '-h', 'site add --help'])('is what balise %s asks for', async (says) => {
    const { code, printed } = await balise(says.split(' '), {})
    expect(printed).toMatch(usage)
    expect(code).toBe(0)
  })

  test('names every verb and every option', async () => {
    const { printed } = await balise(['--help'], {})
    for (const verb of Object.keys(verbs)) expect(printed).toContain(`balise ${verb} `)
    for (const option of Object.keys(options)) expect(printed).toContain(`--${option} `)
  })

  test.each<[string, string[]]>([
    ['no words', []],
    ['half a verb', ['site']],
    ['an unknown verb', ['toString']],
  ])('is the answer to %s', async (_, words) => {
    const { code, complained } = await balise(words, nowhere)
    expect(complained).toMatch(usage)
    expect(code).toBe(1)
  })
})

describe('a database that is not migrated', () => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database.drop())

  test.each(['site add shop', 'site retention shop', 'token create --site shop'])(
    'is said to be, to balise %s',
    async (says) => {
      const { code, complained } = await balise(says.split(' '), { DATABASE_URL: database.url })
      expect(complained).toBe(
        'The database is not migrated, or not to the newest schema (relation "sites" does not exist): run "balise migrate".',
      )
      expect(code).toBe(1)
    },
  )
})

test('pepper wants no database', async () => {
  expect(await balise(['pepper'], {})).toMatchObject({ code: 0, printed: expect.stringMatching(/^[\w-]{43}$/) })
})

test('a verb that wants a database says which setting names it', async () => {
  expect(await balise(['rollups', 'check'], {})).toEqual({
    code: 1,
    printed: '',
    complained: 'DATABASE_URL: Set it to the database, like postgres://user:password@host/balise',
  })
})
