import { eventDimensions } from '@balise/shared/stats/query'
import { sql } from 'kysely'
import { expect, vi } from 'vitest'
import { dimensions } from '../src/query/dimensions.ts'
import { foldToTheEnd, packUntil } from './folding.ts'
import { by, custom, from, on } from './query-story.ts'
import { test, type World } from './query-world.ts'

const events = [
  by('ann', '2025-03-10T10:00Z', on('/a')),
  by('ann', '2025-03-10T10:01Z', { ...on('/a'), ...custom('signup') }),
  by('ann', '2025-03-10T10:02Z', { kind: 'contact', action: { ...custom('').action, name: null, channel: 'phone' } }),
  by('ben', '2025-03-10T10:00Z', { ...on('/b'), ...from('Google') }),
  by('eve', '2025-03-10T10:00Z', {
    kind: 'api_call',
    action: { ...custom('').action, name: null, endpoint: '/users/:id' },
  }),
]

const settled = async (world: World) => {
  const site = await world.settle('UTC', events)
  await foldToTheEnd(world.database)
  return site
}

test.for(eventDimensions)(
  'a deed has the bit of its %s, under the name that questions give it',
  async (fact, { world }) => {
    const site = await settled(world)
    const { home, value } = dimensions[fact]
    const { rows } = await sql<{ value: string; has: boolean }>`
    select distinct ${value} as value, signature & signature_of(${fact}, ${value}) <> 0 as has
    from deeds as ${sql.id(home)} where site = ${site.id}
  `.execute(world.database)
    expect(rows.length).toBeGreaterThan(1)
    expect(rows.every(({ has }) => has)).toBe(true)
  },
)

test('no path and no name shares a bit with what nearly every visit has', async ({ world }) => {
  const { rows } = await sql<{ shared: number }>`
    select count(*)::integer as shared
    from unnest(array['(none)', 'page_view', 'api_call', 'contact', 'custom', 'engagement']) as kind,
      generate_series(1, 2000) as n
    where signature_of('event:kind', kind) & (signature_of('event:path', '/' || n) | signature_of('event:name', 'n' || n)) <> 0
  `.execute(world.database)
  expect(rows).toEqual([{ shared: 0 }])
})

test('a visit that is not signed yet answers as one that is, and is signed when it is packed', async ({ world }) => {
  const site = await settled(world)
  const signed = () =>
    sql<{ signed: number }>`select count(signature)::integer as signed from visits where site = ${site.id}`
      .execute(world.database)
      .then(({ rows }) => rows[0]?.signed)
  const ask = (path: string) =>
    world
      .answer(
        site,
        { date_range: 'all', metrics: ['visits'], dimensions: ['visit:source'], filters: ['is', 'event:path', [path]] },
        new Date('2025-05-10T12:00Z'),
      )
      .then(({ results }) => results)
  expect(await signed()).toBe(3)
  const answers = await Promise.all(['/a', '/b', '/c'].map(ask))
  expect(answers.map((rows) => rows.length)).toEqual([1, 1, 0])

  await sql`update visits set signature = null where site = ${site.id}`.execute(world.database)
  expect(await Promise.all(['/a', '/b', '/c'].map(ask))).toEqual(answers)
  await vi.waitFor(
    async () => {
      await packUntil(world.database, Date.parse('2025-03-20T12:00Z'))
      expect(await signed()).toBe(3)
    },
    { timeout: 20_000, interval: 20 },
  )
  expect(await Promise.all(['/a', '/b', '/c'].map(ask))).toEqual(answers)
})
