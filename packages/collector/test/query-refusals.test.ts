import type { FieldError } from '@balise/shared/problem'
import type { Filter } from '@balise/shared/stats/query'
import { expect, test } from 'vitest'
import { ask } from '../src/query/ask.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { type Asked, questionTo } from './query-world.ts'

const site = { id: 1, key: 'demo', time_zone: 'UTC' }

/** A database that is not there: what is refused never gets to it. */
const nowhere = openPostgres({
  url: 'postgres://127.0.0.1:1/nowhere',
  connections_max: 1,
  statement_ms_max: 1_000,
  onBreak: () => {},
})

const nested = (depth: number): Filter => (depth === 1 ? ['is', 'event:path', ['/']] : ['not', nested(depth - 1)])
const wide: Filter = [
  'or',
  Array.from({ length: 20 }, (): Filter => ['or', Array.from({ length: 10 }, () => nested(1))]),
]

const refused: [says: string, asked: Partial<Asked>, errors: Partial<FieldError>[]][] = [
  [
    'a range that ends before it begins',
    { date_range: ['2026-10-02', '2026-10-01'] },
    [{ field: 'date_range.1', message: 'a day that is not before 2026-10-02' }],
  ],
  ['a day before the calendar', { date_range: ['1999-12-31', '2000-01-02'] }, [{ field: 'date_range.0' }]],
  ['a day after it', { date_range: ['2099-12-31', '2100-01-01'] }, [{ field: 'date_range.1' }]],
  [
    'a range of more than five years',
    { date_range: ['2020-01-01', '2026-01-01'] },
    [{ field: 'date_range', allowed: ['all'] }],
  ],
  ['a comparison of all there is', { date_range: 'all', compare: 'previous_period' }, [{ field: 'compare' }]],
  [
    'months beside as many days before',
    { date_range: '12mo', dimensions: ['time:month'], compare: 'previous_period' },
    [{ field: 'compare', allowed: ['year_over_year'] }],
  ],
  [
    'hours of 32 days',
    { date_range: ['2026-10-01', '2026-11-01'], dimensions: ['time:hour'] },
    [{ field: 'date_range', allowed: ['day', '7d', '30d', 'month'] }],
  ],
  [
    'hours of all days',
    { date_range: 'all', dimensions: ['time:hour'] },
    [{ field: 'date_range', allowed: ['day', '7d', '30d', 'month'] }],
  ],
  [
    'an order by what is not asked for',
    {
      dimensions: ['event:path'],
      order_by: [
        ['visitors', 'asc'],
        ['page_views', 'desc'],
      ],
    },
    [{ field: 'order_by.1.0', allowed: ['visitors', 'event:path'] }],
  ],
  [
    'labels of no time',
    { dimensions: ['event:path'], include: ['total_rows', 'time_labels'] },
    [{ field: 'include.1' }],
  ],
  ['filters too deep', { filters: ['and', [nested(1), nested(8)]] }, [{ field: 'filters.1.1.1.1.1.1.1.1.1' }]],
  ['too many filters', { filters: wide }, [{ field: 'filters' }]],
  [
    'two things at once, each by its name',
    { date_range: ['2026-10-02', '2026-10-01'], order_by: [['events', 'asc']] },
    [{ field: 'date_range.1' }, { field: 'order_by.0.0' }],
  ],
]

test.each(refused)('%s is refused, by field', async (_, asked, errors) => {
  const query = questionTo(site, { date_range: '7d', metrics: ['visitors'], ...asked })
  const answered = await ask(nowhere, site, query, new Date())
  expect(answered).toEqual({ errors: errors.map((error) => expect.objectContaining(error)) })
})
