import { describe } from 'vitest'
import { by, type Case, check, custom, from, inCountry, on } from './query-story.ts'
import { test } from './query-world.ts'

const measures: Case[] = [
  [
    'a visitor is counted once, a page view each time, an event of any kind',
    [by('ann', '2026-10-01T10:00Z'), by('ann', '2026-10-01T10:01Z'), by('ann', '2026-10-01T10:02Z', custom('signup'))],
    { metrics: ['visitors', 'page_views', 'events'] },
    [[1, 2, 3]],
  ],
  [
    'one page view and engagement bounce; two page views, a contact or a custom event do not',
    [
      by('ann', '2026-10-01T10:00Z'),
      by('ann', '2026-10-01T10:05Z', { kind: 'engagement' }),
      by('ben', '2026-10-01T10:00Z'),
      by('ben', '2026-10-01T10:05Z', { kind: 'contact' }),
      by('eve', '2026-10-01T10:00Z'),
      by('eve', '2026-10-01T10:05Z'),
    ],
    { metrics: ['bounce_rate', 'visit_duration'] },
    [[33.33, 300]],
  ],
  [
    'an API call does not keep a visit from bouncing, a custom event does',
    [by('ann', '2026-10-01T10:00Z', { kind: 'api_call' }), by('ben', '2026-10-01T10:00Z', custom('signup'))],
    { metrics: ['bounce_rate'] },
    [[50]],
  ],
  [
    'durations round to whole seconds, halves up',
    [by('ann', '2026-10-01T10:00:00Z'), by('ann', '2026-10-01T10:00:01Z'), by('ben', '2026-10-01T10:00:00Z')],
    { metrics: ['visit_duration'] },
    [[1]],
  ],
  [
    'a metric without a value comes last, also in descending order',
    [by('ann', '2026-09-30T23:50Z', from('Google')), by('ann', '2026-10-01T00:10Z'), by('ben', '2026-10-01T10:00Z')],
    { metrics: ['bounce_rate', 'visitors'], dimensions: ['visit:source'] },
    [
      ['Direct', 100, 1],
      ['Google', null, 1],
    ],
  ],
]

const splits: Case[] = [
  [
    'a visit counts under each value it has an event of, and a visitor likewise',
    [
      by('ann', '2026-10-01T10:00Z', on('/a')),
      by('ann', '2026-10-01T10:01Z', on('/b')),
      by('ben', '2026-10-01T10:00Z', on('/b')),
    ],
    { metrics: ['visitors', 'visits', 'page_views'], dimensions: ['event:path'] },
    [
      ['/b', 2, 2, 2],
      ['/a', 1, 1, 1],
    ],
  ],
  [
    'several dimensions give each combination that occurs',
    [
      by('ann', '2026-10-01T10:00Z', { ...on('/a'), ...inCountry('FR') }),
      by('ben', '2026-10-01T10:00Z', { ...on('/a'), ...inCountry('CM') }),
      by('ben', '2026-10-01T10:01Z', { ...on('/b'), ...inCountry('SN') }),
    ],
    { dimensions: ['event:path', 'visit:country'] },
    [
      ['/a', 'CM', 1],
      ['/a', 'FR', 1],
      ['/b', 'CM', 1],
    ],
  ],
  [
    'what is not known has a name',
    [
      by('ann', '2026-10-01T10:00Z', {
        kind: 'custom',
        client: {
          browser: null,
          browser_version: null,
          os: null,
          os_version: null,
          device: null,
          screen: null,
          language: null,
        },
      }),
    ],
    {
      dimensions: ['visit:source', 'visit:country', 'visit:browser', 'visit:device'],
      filters: [
        'and',
        [
          ['is', 'visit:os', ['(unknown)']],
          ['is', 'visit:entry_page', ['(none)']],
          ['is', 'event:name', ['(none)']],
          ['is', 'event:endpoint', ['(none)']],
          ['is', 'event:channel', ['(none)']],
        ],
      ],
    },
    [['Direct', '(unknown)', '(unknown)', '(unknown)', 1]],
  ],
  [
    'so has what is known to be empty',
    [by('ann', '2026-10-01T10:00Z', { ...from(null), ...inCountry(null) })],
    { dimensions: ['visit:source', 'visit:country'], filters: ['is', 'visit:source', ['Direct']] },
    [['Direct', '(unknown)', 1]],
  ],
  [
    'rows of equal metrics come in the order of their dimensions, capitals before small letters',
    [
      by('ann', '2026-10-01T10:00Z', on('/b')),
      by('ann', '2026-10-01T10:01Z', on('/a')),
      by('ann', '2026-10-01T10:02Z', on('/B')),
    ],
    { metrics: ['page_views'], dimensions: ['event:path'] },
    [
      ['/B', 1],
      ['/a', 1],
      ['/b', 1],
    ],
  ],
  [
    'limit and offset take a page of the order that was asked for',
    [
      by('ann', '2026-10-01T10:00Z', on('/a')),
      by('ann', '2026-10-01T10:01Z', on('/b')),
      by('ann', '2026-10-01T10:02Z', on('/c')),
    ],
    { metrics: ['page_views'], dimensions: ['event:path'], order_by: [['event:path', 'desc']], limit: 1, offset: 1 },
    [['/b', 1]],
  ],
]

describe('metrics:', () => test.for(measures)('%s', (told, { world }) => check(world, told)))
describe('dimensions:', () => test.for(splits)('%s', (told, { world }) => check(world, told)))
