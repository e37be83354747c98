import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import type { AskedSite } from '../src/query/ask.ts'
import { statementOf, type Told } from '../src/query/statement.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import { isRefolded } from '../src/store/refold.ts'
import { uuidv7 } from './batches.ts'
import { row } from './deliveries.ts'
import { foldStep, foldToTheEnd, refold, setClock } from './folding.ts'
import { type Asked, questionTo, test, type World } from './query-world.ts'

const now = new Date('2026-10-27T12:00:00Z')
const byDay: Asked = { date_range: '7d', metrics: ['visitors', 'visits', 'events'], dimensions: ['time:day'] }
const byHour: Asked = { date_range: ['2026-10-25', '2026-10-25'], metrics: ['events'], dimensions: ['time:hour'] }

/** Forty visitors with an event each hour and a half around the night in which Paris falls back. */
const night = (): EventRow[] =>
  Array.from({ length: 80 }, (_, n) => {
    const at = new Date(Date.parse('2026-10-24T20:00:00Z') + Math.floor(n / 8) * 90 * 60_000)
    return { ...row(0, at), id: uuidv7(at), visitor: `00000000-0000-4000-8000-0000000000${10 + (n % 40)}`, known: true }
  })

const told = async ({ database }: World, site: AskedSite, asked: Asked, from_raw: boolean): Promise<Told> => {
  const { rows } = await statementOf({ site, query: questionTo(site, asked), now, from_raw }).execute(database)
  return rows[0] as Told
}
const isAnsweredByRollups = async (world: World, site: AskedSite) => (await told(world, site, byDay, false)).is_exact

const settled = async (world: World): Promise<AskedSite> => {
  const site = await world.settle('UTC', night())
  await foldToTheEnd(world.database)
  expect(await isAnsweredByRollups(world, site)).toBe(true)
  return site
}

test('days follow the clock that is set at once, through daylight saving, while rollups follow in steps', async ({
  world,
}) => {
  const utc = await settled(world)
  const paris = await setClock(world.database, utc, 'Europe/Paris')
  const days = async (site: AskedSite) =>
    (await world.answer(site, byDay, now)).results.map(({ dimensions, metrics }) => [...dimensions, ...metrics])
  const hours = async (site: AskedSite) =>
    (await world.answer(site, byHour, now)).results.map(({ metrics: [events] }) => events)

  let steps = 0
  for (; await isRefolded(world.database, utc.id); steps++) {
    // Days of Paris begin at 22:00 UTC, and from the 26th on at 23:00; the hour from two to three comes twice.
    expect(await days(paris)).toEqual([
      ['2026-10-24', 16, 16, 16],
      ['2026-10-25', 40, 64, 64],
    ])
    expect(await hours(paris)).toEqual([8, 8, 8, 8, 8, 8, 8, 8])
    // Who still has the old clock in mind is told the old clock's days.
    expect(await days(utc)).toEqual([
      ['2026-10-24', 24, 24, 24],
      ['2026-10-25', 40, 56, 56],
    ])
    expect(await isAnsweredByRollups(world, paris)).toBe(false)
    await refold(world.database, 10)
  }
  expect(steps).toBeGreaterThan(5)
  expect(await isAnsweredByRollups(world, paris)).toBe(true)
  expect(await isAnsweredByRollups(world, utc)).toBe(false)
  expect(await days(paris)).toEqual([
    ['2026-10-24', 16, 16, 16],
    ['2026-10-25', 40, 64, 64],
  ])
  expect(await days(utc)).toEqual([
    ['2026-10-24', 24, 24, 24],
    ['2026-10-25', 40, 56, 56],
  ])
  expect(await checkRollups(world.database, paris.id)).toBeUndefined()
})

test('events that go on coming hold up no clock', async ({ world }) => {
  const utc = await settled(world)
  const paris = await setClock(world.database, utc, 'Europe/Paris')
  let steps = 0
  for (let is_more = true; is_more && steps < 50; steps++) {
    await world.store(utc, night().slice(0, 1))
    is_more = (await foldStep(world.database, 10)) !== 0
  }
  expect(steps).toBeGreaterThan(5)
  expect(steps).toBeLessThan(50)
  await expect.poll(() => isAnsweredByRollups(world, paris)).toBe(true)
  await foldToTheEnd(world.database)
  expect(await checkRollups(world.database, paris.id)).toBeUndefined()
})

test('a site whose other settings change keeps its rollups', async ({ world }) => {
  const site = await settled(world)
  await setClock(world.database, site, 'UTC')
  expect(await isAnsweredByRollups(world, site)).toBe(true)
})

test('the operator has rollups checked and made anew, and is told what differs', { timeout: 60_000 }, async ({
  world,
}) => {
  const site = await settled(world)
  const main = new URL('../../cli/src/main.ts', import.meta.url).pathname
  const balise = (...words: string[]) =>
    promisify(execFile)(process.execPath, [main, ...words], { env: { ...process.env, DATABASE_URL: world.url } }).then(
      ({ stdout }) => stdout.trim(),
      ({ stderr }) => stderr.trim(),
    )
  const named = ['--site', site.key]
  expect(await balise('rollups', 'check', ...named)).toBe(`rollups equal raw events: ${site.key}`)

  await sql`delete from rollups where site = ${site.id} and dimension = 'visit:os'`.execute(world.database)
  const difference = await balise('rollups', 'check', ...named)
  expect(difference).toContain(`site ${site.key}: visit:os "Linux" on 2026-10-24: rollups hold null, raw events give {`)
  expect(difference).toMatch(/^site \S+: \d+ visitors counted anew$/m)
  expect(difference).toContain(`balise rollups rebuild --site ${site.key}`)

  expect(await balise('rollups', 'rebuild', ...named)).toBe(`rollups made anew: ${site.key}`)
  expect(await balise('rollups', 'check', ...named)).toBe(`rollups equal raw events: ${site.key}`)
  expect(await balise('rollups', 'check', '--site', 'nobody')).toBe(
    'There is no site "nobody". Make it: balise site add nobody',
  )
})
