import { uuidv7 } from './batches.ts'
import { by, type Case, check, from, inSession, on } from './query-story.ts'
import { test } from './query-world.ts'

const visits: Case[] = [
  [
    'no events are no visits',
    [],
    { metrics: ['visitors', 'visits', 'page_views', 'events', 'bounce_rate', 'visit_duration'] },
    [[0, 0, 0, 0, null, null]],
  ],
  [
    'a pause of 30 minutes is in the visit',
    [by('ann', '2026-10-01T10:00Z'), by('ann', '2026-10-01T10:30Z')],
    {},
    [[1]],
  ],
  ['a longer one parts two', [by('ann', '2026-10-01T10:00Z'), by('ann', '2026-10-01T10:30:00.001Z')], {}, [[2]]],
  ['two visitors are two visits', [by('ann', '2026-10-01T10:00Z'), by('ben', '2026-10-01T10:00Z')], {}, [[2]]],
  [
    'one session is one visit, over a long pause too',
    [by('ann', '2026-10-01T08:00Z', inSession(1)), by('ann', '2026-10-01T18:00Z', inSession(1))],
    { metrics: ['visits', 'visit_duration'] },
    [[1, 36_000]],
  ],
  [
    'two sessions are two visits, however short',
    [by('ann', '2026-10-01T10:00Z', inSession(1)), by('ann', '2026-10-01T10:01Z', inSession(2))],
    {},
    [[2]],
  ],
  [
    'a visit over midnight is one visit, of the day it starts; its events are of their own days',
    [by('ann', '2026-10-01T23:50Z'), by('ann', '2026-10-02T00:10Z'), by('ann', '2026-10-02T00:20Z')],
    {
      date_range: ['2026-10-01', '2026-10-02'],
      dimensions: ['time:day'],
      metrics: ['visits', 'visitors', 'page_views'],
    },
    [
      ['2026-10-01', 1, 1, 1],
      ['2026-10-02', 0, 1, 2],
    ],
  ],
  [
    'a visit that started before the range is not counted, but its events are, with its facts',
    [by('ann', '2026-09-30T23:50Z', from('Google')), by('ann', '2026-10-01T00:10Z')],
    { metrics: ['visits', 'page_views'], dimensions: ['visit:source'] },
    [['Google', 0, 1]],
  ],
  [
    'a visit that goes on after the range is known whole',
    [by('ann', '2026-10-01T23:50Z'), by('ann', '2026-10-02T00:10Z')],
    { metrics: ['visits', 'bounce_rate', 'visit_duration', 'page_views'] },
    [[1, 0, 1200, 1]],
  ],
  [
    'a pause of 24 hours is in a session',
    [by('ann', '2026-09-30T10:00Z', inSession(1)), by('ann', '2026-10-01T10:00Z', inSession(1))],
    {},
    [[0]],
  ],
  [
    'a longer one parts two visits, whatever the session',
    [by('ann', '2026-09-30T10:00Z', inSession(1)), by('ann', '2026-10-01T10:00:00.001Z', inSession(1))],
    {},
    [[1]],
  ],
  [
    'a visit of days that began long before the range keeps its facts',
    [
      by('ann', '2026-09-28T10:00Z', { ...inSession(1), ...from('Google') }),
      by('ann', '2026-09-29T09:00Z', inSession(1)),
      by('ann', '2026-09-30T08:00Z', inSession(1)),
      by('ann', '2026-10-01T07:00Z', inSession(1)),
    ],
    { metrics: ['visits', 'page_views'], dimensions: ['visit:source', 'event:path'] },
    [['Google', '/', 0, 1]],
  ],
  [
    'its first event by time gives the facts, whatever the ids and the order of arrival',
    [
      by('ann', '2026-10-01T10:01Z', { ...on('/b'), ...from('Bing'), id: uuidv7(new Date('2026-10-01T09:00Z')) }),
      by('ann', '2026-10-01T10:00Z', { ...on('/a'), ...from('Google'), id: uuidv7(new Date('2026-10-01T20:00Z')) }),
    ],
    { dimensions: ['visit:source', 'visit:entry_page'] },
    [['Google', '/a', 1]],
  ],
  [
    'of two events of one millisecond the one with the smaller id is first',
    [
      by('ann', '2026-10-01T10:00Z', { ...on('/b'), id: uuidv7(new Date('2026-10-01T10:00Z'), 2) }),
      by('ann', '2026-10-01T10:00Z', { ...on('/a'), id: uuidv7(new Date('2026-10-01T10:00Z'), 1) }),
    ],
    { dimensions: ['visit:entry_page'] },
    [['/a', 1]],
  ],
  [
    'the entry page is that of the first page view, not of what came before it',
    [by('ann', '2026-10-01T10:00Z', { ...on('/early'), kind: 'custom' }), by('ann', '2026-10-01T10:01Z', on('/a'))],
    { dimensions: ['visit:entry_page'] },
    [['/a', 1]],
  ],
]

test.for(visits)('%s', (told, { world }) => check(world, told))
