import { readFileSync } from 'node:fs'
import { answer } from '@balise/shared/stats/answer'
import { type DateRange, dimensions, filterOperators, metrics, namedRanges, query } from '@balise/shared/stats/query'
import { describe, expect } from 'vitest'
import { ask } from '../src/query/ask.ts'
import { storeEvents } from '../src/store/events.ts'
import { uuidv7 } from './batches.ts'
import { by, from, inCountry, now, on } from './query-story.ts'
import { test } from './query-world.ts'

const doc = readFileSync(new URL('../../../docs/query.md', import.meta.url), 'utf8')

/** 00:30 on 1 March 2026 in Paris, still February in UTC. */
const march = new Date('2026-02-28T23:30:00Z')

const ranges: [range: DateRange, first: string, last: string][] = [
  ['day', '2026-03-01', '2026-03-01'],
  ['7d', '2026-02-23', '2026-03-01'],
  ['30d', '2026-01-31', '2026-03-01'],
  ['month', '2026-03-01', '2026-03-01'],
  ['year', '2026-01-01', '2026-03-01'],
  ['12mo', '2025-04-01', '2026-03-01'],
  ['all', '2026-02-11', '2026-03-01'],
]

describe('ranges are days of the site:', () => {
  test.for(ranges)('%s', async ([date_range, first, last], { world }) => {
    const site = await world.settle('Europe/Paris', [
      by('ann', '2026-02-12T10:00Z'),
      by('ben', '2026-02-10T23:00Z'), // the 11th in Paris
    ])
    const { meta } = await world.answer(site, { date_range, metrics: ['visitors'] }, march)
    expect(meta).toEqual({ time_zone: 'Europe/Paris', date_range: [first, last] })
  })

  test('all of a site without events is today', async ({ world }) => {
    const site = await world.settle('Europe/Paris', [])
    const { meta, results } = await world.answer(site, { date_range: 'all', metrics: ['visitors'] }, march)
    expect(meta.date_range).toEqual(['2026-03-01', '2026-03-01'])
    expect(results).toEqual([{ dimensions: [], metrics: [0] }])
  })
})

describe('an answer tells on request', () => {
  test('how many rows there are, also past the last of them', async ({ world }) => {
    const site = await world.settle(
      'UTC',
      ['/a', '/b', '/c'].map((path) => by('ann', '2026-10-01T10:00Z', on(path))),
    )
    const asked = {
      metrics: ['visitors' as const],
      dimensions: ['event:path' as const],
      include: ['total_rows' as const],
    }
    const { results, meta } = await world.answer(site, { date_range: 'all', ...asked, offset: 10 }, now)
    expect({ rows: results.length, total_rows: meta.total_rows }).toEqual({ rows: 0, total_rows: 3 })
  })

  test('every bucket, empty or not, on the days that clocks change', async ({ world }) => {
    const site = await world.settle('Europe/Paris', [])
    const labelsOf = async (date_range: DateRange, dimension: 'time:hour' | 'time:day' | 'time:month') => {
      const asked = { date_range, dimensions: [dimension], include: ['time_labels' as const] }
      return (await world.answer(site, { metrics: ['visitors'], ...asked }, now)).meta.time_labels ?? []
    }
    expect(await labelsOf(['2026-10-25', '2026-10-25'], 'time:hour')).toHaveLength(24)
    expect(await labelsOf(['2026-03-29', '2026-03-29'], 'time:hour')).not.toContain('2026-03-29T02:00')
    expect(await labelsOf('day', 'time:hour')).toHaveLength(24)
    expect(await labelsOf('12mo', 'time:month')).toEqual([
      '2025-12',
      ...Array.from({ length: 11 }, (_, month) => `2026-${String(month + 1).padStart(2, '0')}`),
    ])
    // From a summer into a summer: steps of 24 hours would leave out 29 March.
    const days = await labelsOf(['2025-07-01', '2026-06-30'], 'time:day')
    expect({ days: days.length, has: days.includes('2026-03-29') }).toEqual({ days: 365, has: true })
  })

  test('what was turned away on the days asked for, by the reasons of the contract', async ({ world }) => {
    const site = await world.settle('UTC', [])
    const other = await world.settle('UTC', [])
    const refused = [
      { site: other.id, day: '2026-10-01', reason: 'bot', count: 7 },
      { site: site.id, day: '2026-10-01', reason: 'bot', count: 2 },
      { site: site.id, day: '2026-10-02', reason: 'bot', count: 3 },
      { site: site.id, day: '2026-10-02', reason: 'invalid', count: 1 },
      { site: site.id, day: '2026-10-03', reason: 'too_old', count: 9 },
    ].map((count) => ({ ...count, delivery: uuidv7(now) }))
    await storeEvents(world.database, { events: [], refused })
    const asked = { metrics: ['visitors' as const], include: ['refused' as const] }
    const of = async (date_range: DateRange) => (await world.answer(site, { date_range, ...asked }, now)).meta.refused
    expect(await of(['2026-10-01', '2026-10-02'])).toEqual({ bot: 5, invalid: 1 })
    expect(await of(['2026-09-01', '2026-09-30'])).toEqual({})
  })
})

test('a site never sees the events of another', async ({ world }) => {
  await world.settle('UTC', [by('ann', '2026-10-01T10:00Z')])
  const site = await world.settle('UTC', [by('ben', '2026-10-01T10:00Z')])
  for (const metric of ['events', 'visits'] as const) {
    const { results } = await world.answer(site, { date_range: 'all', metrics: [metric] }, now)
    expect(results).toEqual([{ dimensions: [], metrics: [1] }])
  }
})

describe('docs/query.md', () => {
  test('shows a question and its answer as they are', async ({ world }) => {
    const [question, shown] = [...doc.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json))
    const { id } = await world.settle('Europe/Paris', [
      by('ann', '2026-10-01T08:00Z', { ...from('Google'), ...inCountry('FR') }),
      by('ann', '2026-10-01T08:03Z', on('/prices')),
      by('ben', '2026-10-01T09:00Z', { ...from('Google'), ...inCountry('FR') }),
      by('eve', '2026-10-01T10:00Z', inCountry('FR')),
      by('eve', '2026-10-01T16:00Z', { ...from('Bing'), ...inCountry('CM') }),
    ])
    const site = { id, key: 'demo', time_zone: 'Europe/Paris' }
    expect(await ask(world.database, site, query.parse(question), now)).toEqual(shown)
    expect(answer.parse(shown)).toEqual(shown)
  })

  test.each([...metrics, ...dimensions, ...namedRanges])('explains %s', (name) => expect(doc).toContain(`\`${name}\``))
  test.each(filterOperators)('explains %s', (name) => expect(doc).toContain(`\`["${name}", `))
})
