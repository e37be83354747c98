import { by, type Case, check } from './query-story.ts'
import { test } from './query-world.ts'

const clocks: Case[] = [
  [
    'in Paris a day begins two hours before UTC in summer',
    [by('ann', '2026-09-30T21:59Z'), by('ben', '2026-09-30T22:00Z'), by('eve', '2026-10-01T22:00Z')],
    { metrics: ['page_views'], dimensions: ['time:hour'] },
    [['2026-10-01T00:00', 1]],
    'Europe/Paris',
  ],
  [
    'in Paris the hour that comes twice is one',
    ['2026-10-24T23:30Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z', '2026-10-25T02:30Z'].map((at) => by('ann', at)),
    { date_range: ['2026-10-25', '2026-10-25'], metrics: ['page_views'], dimensions: ['time:hour'] },
    [
      ['2026-10-25T01:00', 1],
      ['2026-10-25T02:00', 2],
      ['2026-10-25T03:00', 1],
    ],
    'Europe/Paris',
  ],
  [
    'in New York 1 November has 25 hours',
    ['2026-11-01T03:59Z', '2026-11-01T04:00Z', '2026-11-02T04:59Z', '2026-11-02T05:00Z'].map((at) => by('ann', at)),
    { date_range: ['2026-11-01', '2026-11-01'], metrics: ['page_views'], dimensions: ['time:hour'] },
    [
      ['2026-11-01T00:00', 1],
      ['2026-11-01T23:00', 1],
    ],
    'America/New_York',
  ],
  [
    'in Kolkata hours begin at half past of UTC',
    ['2026-09-30T18:29Z', '2026-09-30T18:30Z', '2026-09-30T19:29Z', '2026-09-30T19:30Z'].map((at) => by('ann', at)),
    { metrics: ['page_views'], dimensions: ['time:hour'] },
    [
      ['2026-10-01T00:00', 2],
      ['2026-10-01T01:00', 1],
    ],
    'Asia/Kolkata',
  ],
  [
    'in Havana, where midnight comes twice on 1 November, the day begins with the first',
    ['2026-11-01T03:59Z', '2026-11-01T04:00Z', '2026-11-01T05:30Z'].map((at) => by('ann', at)),
    { date_range: ['2026-11-01', '2026-11-01'], metrics: ['page_views'], dimensions: ['time:hour'] },
    [['2026-11-01T00:00', 2]],
    'America/Havana',
  ],
  [
    'in Santiago, where midnight is left out on 6 September, the day begins at one',
    ['2026-09-06T03:59Z', '2026-09-06T04:00Z'].map((at) => by('ann', at)),
    { date_range: ['2026-09-06', '2026-09-06'], metrics: ['page_views'], dimensions: ['time:hour'] },
    [['2026-09-06T01:00', 1]],
    'America/Santiago',
  ],
  [
    'months are those of the clock',
    ['2026-09-30T21:59Z', '2026-09-30T22:00Z'].map((at) => by('ann', at)),
    { date_range: ['2026-09-01', '2026-10-31'], metrics: ['page_views'], dimensions: ['time:month'] },
    [
      ['2026-09', 1],
      ['2026-10', 1],
    ],
    'Europe/Paris',
  ],
]

test.for(clocks)('%s', (told, { world }) => check(world, told))
