import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { describe, expect } from 'vitest'
import { checkRollups } from '../src/store/check-rollups.ts'
import { foldToTheEnd } from './folding.ts'
import { by, inSession, now, on } from './query-story.ts'
import { test as plain } from './query-world.ts'

const test = plain.extend('site', { scope: 'file' }, async ({ world }) => {
  const site = await world.settle('UTC', [
    by('ann', '2026-08-31T10:00Z', { ...inSession(1), ...on('/a') }),
    by('ann', '2026-09-06T10:00Z', { ...inSession(2), ...on('/a') }),
    by('ann', '2026-09-08T10:00Z', { ...inSession(3), ...on('/a') }),
    by('ann', '2026-10-26T10:00Z', { ...inSession(4), ...on('/a') }),
    by('ann', '2026-10-31T10:00Z', { ...inSession(5), ...on('/a') }),
    by('ben', '2026-09-10T10:00Z', { ...inSession(6), ...on('/a') }),
    by('ben', '2026-09-11T10:00Z', { ...inSession(7), ...on('/a') }),
    by('eve', '2026-10-05T10:00Z', { ...inSession(8), ...on('/a') }),
    by('eve', '2026-10-06T10:00Z', { ...inSession(9), ...on('/a') }),
  ])
  await foldToTheEnd(world.database)
  return site
})

describe('a range is made up of days, pentads and months,', () => {
  const ranges: [says: string, range: [string, string], visitors: number, visits: number][] = [
    ['one pentad', ['2026-09-06', '2026-09-10'], 2, 3],
    ['the last pentad of a long month', ['2026-10-26', '2026-10-31'], 1, 2],
    ['a pentad and a day on both sides', ['2026-09-05', '2026-09-11'], 2, 4],
    ['a month', ['2026-09-01', '2026-09-30'], 2, 4],
    ['a month and the day before', ['2026-08-31', '2026-09-30'], 2, 5],
    ['two months', ['2026-09-01', '2026-10-31'], 3, 8],
    ['days, pentads, a month, pentads and days', ['2026-08-14', '2026-10-29'], 3, 8],
    ['part of a pentad', ['2026-10-27', '2026-10-30'], 0, 0],
  ]
  test.for(ranges)('such as %s', async ([, date_range, ...counts], { world, site }) => {
    for (const dimensions of [[], ['event:path'] as const]) {
      const asked = { date_range, metrics: ['visitors' as const, 'visits' as const], dimensions: [...dimensions] }
      const { results } = await world.answer(site, asked, now)
      const expected = counts[1] === 0 && dimensions.length ? [] : [counts]
      expect(results.map(({ metrics }) => metrics)).toEqual(expected)
    }
  })

  test('and each month is told by its own', async ({ world, site }) => {
    const asked = { date_range: ['2026-08-31', '2026-10-31'] as [string, string], metrics: ['visitors' as const] }
    const { results } = await world.answer(site, { ...asked, dimensions: ['time:month'] }, now)
    expect(results.map(({ dimensions, metrics }) => [...dimensions, ...metrics])).toEqual([
      ['2026-08', 1],
      ['2026-09', 2],
      ['2026-10', 2],
    ])
  })
})

test('what was rolled up before there were spans is given them by the migration', async ({ world, site }) => {
  const migration = readFileSync(new URL('../migrations/0013_spans.sql', import.meta.url), 'utf8')
  const [, given] = migration.split('-- The spans of what is rolled up already.')
  await sql`delete from rollups where dimension like '%/%'`.execute(world.database)
  expect(await checkRollups(world.database, site.id)).toMatchObject({ dimension: 'total/pentad', rolled_up: null })
  await sql`${sql.raw(`--${given}`)}`.execute(world.database)
  expect(await checkRollups(world.database, site.id)).toBeUndefined()
})

test('whole months are read, and not their days', async ({ world, site }) => {
  await sql`
    delete from rollups where dimension not like '%/%' and day between '2026-09-01' and '2026-10-31'
  `.execute(world.database)
  const { results } = await world.answer(
    site,
    { date_range: ['2026-08-31', '2026-10-31'], metrics: ['visitors', 'visits'] },
    now,
  )
  expect(results[0]?.metrics).toEqual([3, 9])
})
