import { describe, expect } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { checkRollups } from '../src/store/check-rollups.ts'
import { foldToTheEnd } from './folding.ts'
import { by, custom, from, inSession, now, on } from './query-story.ts'
import { type Asked, test } from './query-world.ts'

/** What is folded, what came since, what is asked of the first two days of October, and the rows. */
type Case = [says: string, before: EventRow[], since: EventRow[], asked: Asked['dimensions'], rows: unknown[][]]

const first = by('ann', '2026-10-01T10:00Z', { ...inSession(1), ...on('/a'), ...from('Google') })
const again = by('ann', '2026-10-02T10:00Z', { ...inSession(2), ...on('/a'), ...from('Google') })
const same_day = by('ann', '2026-10-01T15:00Z', { ...inSession(2), ...on('/a'), ...from('Google') })
const same_visit = by('ann', '2026-10-01T10:05Z', { ...inSession(1), ...on('/b') })

const cases: Case[] = [
  ['in another session, is one visitor', [first], [again], [], [[1, 2, 2]]],
  ['is one visitor of a page', [first], [again], ['event:path'], [['/a', 1, 2, 2]]],
  ['is one visitor from a source', [first], [again], ['visit:source'], [['Google', 1, 2, 2]]],
  [
    'is a visitor of each day',
    [first],
    [again],
    ['time:day'],
    [
      ['2026-10-01', 1, 1, 1],
      ['2026-10-02', 1, 1, 1],
    ],
  ],
  ['on one day in two sessions, is one visitor of it', [first], [same_day], ['time:day'], [['2026-10-01', 1, 2, 2]]],
  [
    'goes on with the visit, on another page',
    [first],
    [same_visit],
    ['event:path'],
    [
      ['/a', 1, 1, 1],
      ['/b', 1, 1, 1],
    ],
  ],
  ['was late: the visit begins with what came since', [same_visit], [first], ['visit:source'], [['Google', 1, 1, 2]]],
  [
    'was late: the visit begins in the hour before',
    [by('ann', '2026-10-01T10:05Z')],
    [by('ann', '2026-10-01T09:55Z')],
    ['time:hour'],
    [
      ['2026-10-01T09:00', 1, 1, 1],
      ['2026-10-01T10:00', 1, 0, 1],
    ],
  ],
  [
    'was late: what came since joins two visits',
    [by('ann', '2026-10-01T10:00Z'), by('ann', '2026-10-01T10:50Z')],
    [by('ann', '2026-10-01T10:25Z')],
    [],
    [[1, 1, 3]],
  ],
  [
    'was late: the page that the visit entered on comes first now',
    [by('ann', '2026-10-01T10:00Z', custom('hello')), by('ann', '2026-10-01T10:10Z', on('/b'))],
    [by('ann', '2026-10-01T10:05Z', on('/a'))],
    ['visit:entry_page'],
    [['/a', 1, 1, 3]],
  ],
  [
    'had seen no page and sees one',
    [by('ann', '2026-10-01T10:00Z', custom('hello'))],
    [by('ann', '2026-10-01T10:05Z', on('/a'))],
    ['visit:entry_page'],
    [['/a', 1, 1, 2]],
  ],
  [
    'sees a page once more, later: the visit entered where it did',
    [by('ann', '2026-10-01T10:00Z', on('/a'))],
    [by('ann', '2026-10-01T10:05Z', on('/b'))],
    ['visit:entry_page'],
    [['/a', 1, 1, 2]],
  ],
]

describe('who was here before the last fold and after it', () => {
  test.for(cases)('%s', async ([, before, since, dimensions, rows], { world }) => {
    const site = await world.settle('UTC', before)
    await foldToTheEnd(world.database)
    await world.store(site, since)
    const asked: Asked = {
      date_range: ['2026-10-01', '2026-10-02'],
      metrics: ['visitors', 'visits', 'events'],
      ...(dimensions && { dimensions }),
    }
    const answered = async () => {
      const { results } = await world.answer(site, asked, now)
      return results.map((row) => [...row.dimensions, ...row.metrics])
    }
    expect(await answered()).toEqual(rows)
    await foldToTheEnd(world.database)
    expect(await checkRollups(world.database, site.id, { events_max: 7 })).toBeUndefined()
    expect(await answered()).toEqual(rows)
  })
})
