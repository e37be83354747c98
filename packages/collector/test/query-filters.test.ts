import type { Filter } from '@balise/shared/stats/query'
import { expect } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { foldToTheEnd } from './folding.ts'
import { by, type Case, check, custom, from, inCountry, now, october, on } from './query-story.ts'
import { test } from './query-world.ts'

const filters: Case[] = [
  [
    'an event counts when it fits, its visit when one of its events does, with its whole duration and bounce',
    [
      by('ann', '2026-10-01T10:00Z', on('/a')),
      by('ann', '2026-10-01T10:02Z', on('/b')),
      by('ben', '2026-10-01T10:00Z', on('/a')),
    ],
    {
      metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'],
      filters: ['is', 'event:path', ['/b']],
    },
    [[1, 1, 1, 0, 120]],
  ],
  [
    'a visit counts when the event that fits lies after the range',
    [by('ann', '2026-10-01T23:55Z', on('/a')), by('ann', '2026-10-02T00:05Z', on('/b'))],
    { metrics: ['visits', 'page_views'], filters: ['is', 'event:path', ['/b']] },
    [[1, 0]],
  ],
  [
    'a filter on the visit and one on the event must fit the same event',
    [
      by('ann', '2026-10-01T10:00Z', { ...on('/a'), ...inCountry('FR') }),
      by('ben', '2026-10-01T10:00Z', { ...on('/b'), ...inCountry('FR') }),
      by('eve', '2026-10-01T10:00Z', { ...on('/b'), ...inCountry('CM') }),
    ],
    {
      metrics: ['visitors', 'events'],
      filters: [
        'and',
        [
          ['is', 'visit:country', ['FR']],
          ['is', 'event:path', ['/b']],
        ],
      ],
    },
    [[1, 1]],
  ],
  [
    'a visit with an event that is ruled out counts by its others',
    [by('ann', '2026-10-01T10:00Z', on('/a')), by('ann', '2026-10-01T10:02Z', on('/b'))],
    { metrics: ['visits', 'page_views'], filters: ['not', ['is', 'event:path', ['/a']]] },
    [[1, 1]],
  ],
  [
    'or and not reach over both',
    [
      by('ann', '2026-10-01T10:00Z', { ...on('/a'), ...inCountry('FR') }),
      by('ben', '2026-10-01T10:00Z', { ...on('/b'), ...inCountry('CM') }),
      by('eve', '2026-10-01T10:00Z', { ...on('/c'), ...inCountry('CM') }),
    ],
    {
      metrics: ['page_views'],
      dimensions: ['event:path'],
      filters: [
        'or',
        [
          ['is', 'visit:country', ['FR']],
          ['not', ['is', 'event:path', ['/b']]],
        ],
      ],
    },
    [
      ['/a', 1],
      ['/c', 1],
    ],
  ],
  [
    'is_not takes none of the values',
    [
      by('ann', '2026-10-01T10:00Z', on('/a')),
      by('ann', '2026-10-01T10:01Z', on('/b')),
      by('ann', '2026-10-01T10:02Z', on('/c')),
    ],
    { metrics: ['page_views'], dimensions: ['event:path'], filters: ['is_not', 'event:path', ['/a', '/b']] },
    [['/c', 1]],
  ],
]

test.for(filters)('%s', (told, { world }) => check(world, told))

const paths = ['/100%', '/1000', '/a_b', '/acb', "/it's", '/"x"', '/\\', '/é', '/😀', "/'; drop table events; --"]

test.for(paths)('every character is taken as it is: %s', async (path, { world }) => {
  const site = await world.settle(
    'UTC',
    paths.map((each) => by('ann', '2026-10-01T10:00Z', on(each))),
  )
  for (const operator of ['is', 'contains'] as const) {
    const asked = { metrics: ['page_views' as const], dimensions: ['event:path' as const] }
    const { results } = await world.answer(
      site,
      { date_range: october, ...asked, filters: [operator, 'event:path', [path]] },
      now,
    )
    expect(results).toEqual([{ dimensions: [path], metrics: [1] }])
  }
})

const unnamed: [says: string, given: Partial<EventRow>, filter: Filter][] = [
  ['no origin is Direct', { origin: null }, ['is', 'visit:source', ['Direct']]],
  ['an origin without a source is Direct', from(null), ['contains', 'visit:source', ['irec']]],
  ['no place is (unknown)', { place: null }, ['is', 'visit:country', ['(unknown)']]],
  ['a place without a country is (unknown)', inCountry(null), ['not', ['is_not', 'visit:country', ['(unknown)']]]],
  ['no page view is no entry page', custom('signup'), ['is', 'visit:entry_page', ['(none)']]],
]

test.for(unnamed)('what is not there passes by its name, folded or not: %s', async ([, given, filters], { world }) => {
  const site = await world.settle('UTC', [
    by('ann', '2026-10-01T10:00Z', given),
    by('ben', '2026-10-01T10:00Z', { ...from('Google'), ...inCountry('FR'), ...on('/a') }),
  ])
  // One by itself would be answered from rollups.
  const both: Filter = ['and', [filters, ['contains', 'visit:browser', ['']]]]
  const ask = () => world.answer(site, { date_range: october, metrics: ['visits'], filters: both }, now)
  const waiting = await ask()
  await foldToTheEnd(world.database)
  const folded = await ask()
  expect([waiting, folded].map(({ results }) => results[0]?.metrics)).toEqual([[1], [1]])
})
