import type { Answer } from '@balise/shared/stats/answer'
import { describe, expect } from 'vitest'
import { by, from, now, on } from './query-story.ts'
import { type Asked, test } from './query-world.ts'

const events = [
  by('ann', '2025-10-02T10:00Z', from('Google')),
  by('ann', '2026-09-30T10:00Z', from('Google')),
  by('ben', '2026-09-30T11:00Z', from('Bing')),
  by('ben', '2026-09-29T11:00Z', from('Bing')),
  by('ann', '2026-10-01T10:00Z', from('Google')),
  by('eve', '2026-10-02T10:00Z', { ...from('X'), ...on('/new') }),
]

const octoberFirstAndSecond: Asked['date_range'] = ['2026-10-01', '2026-10-02']

const cases: [says: string, asked: Partial<Asked>, rows: [Answer['results'][number], ...Answer['results']]][] = [
  [
    'as many days right before',
    { metrics: ['visitors', 'visits'], compare: 'previous_period' },
    [{ dimensions: [], metrics: [2, 2], comparison: { dimensions: [], metrics: [2, 3] } }],
  ],
  [
    'the same days a year before',
    { metrics: ['visitors'], compare: 'year_over_year' },
    [{ dimensions: [], metrics: [2], comparison: { dimensions: [], metrics: [1] } }],
  ],
  [
    'day by day',
    { metrics: ['visitors'], dimensions: ['time:day'], compare: 'previous_period' },
    [
      { dimensions: ['2026-10-01'], metrics: [1], comparison: { dimensions: ['2026-09-29'], metrics: [1] } },
      { dimensions: ['2026-10-02'], metrics: [1], comparison: { dimensions: ['2026-09-30'], metrics: [2] } },
    ],
  ],
  [
    'value by value: what was not there counts nothing',
    { metrics: ['visits', 'bounce_rate'], dimensions: ['visit:source'], compare: 'previous_period' },
    [
      { dimensions: ['Google'], metrics: [1, 100], comparison: { dimensions: ['Google'], metrics: [1, 100] } },
      { dimensions: ['X'], metrics: [1, 100], comparison: { dimensions: ['X'], metrics: [0, null] } },
    ],
  ],
  [
    'under a filter',
    { metrics: ['visitors'], filters: ['is_not', 'visit:source', ['Bing']], compare: 'previous_period' },
    [{ dimensions: [], metrics: [2], comparison: { dimensions: [], metrics: [1] } }],
  ],
]

describe('rows are compared with', () => {
  test.for(cases)('%s', async ([, asked, rows], { world }) => {
    const site = await world.settle('UTC', events)
    const answered = await world.answer(
      site,
      { date_range: octoberFirstAndSecond, metrics: ['visitors'], ...asked },
      now,
    )
    expect(answered.results).toEqual(rows)
    expect(answered.meta.comparison_range).toEqual(
      asked.compare === 'year_over_year' ? ['2025-10-01', '2025-10-02'] : ['2026-09-29', '2026-09-30'],
    )
  })
})
