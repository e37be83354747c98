import { describe } from 'vitest'
import { by, type Case, check, from } from './query-story.ts'
import { test } from './query-world.ts'

const through = (source: string | null, channel: string) => ({ origin: { ...from(source).origin, channel } })

const channels: Case[] = [
  [
    'visits are split by their channel, and what has no origin came directly',
    [
      by('ann', '2026-10-01T10:00Z', through('Google', 'Organic Search')),
      by('ann', '2026-10-01T10:01Z', through('Facebook', 'Paid Social')),
      by('ben', '2026-10-01T10:00Z', through('Qwant', 'Organic Search')),
      by('eve', '2026-10-01T10:00Z'),
    ],
    { metrics: ['visits', 'page_views'], dimensions: ['visit:channel'] },
    [
      ['Organic Search', 2, 3],
      ['Direct', 1, 1],
    ],
  ],
  [
    'a channel filters',
    [
      by('ann', '2026-10-01T10:00Z', through(null, 'Email')),
      by('ben', '2026-10-01T10:00Z', through('X', 'Organic Social')),
    ],
    { metrics: ['visitors'], dimensions: ['visit:source'], filters: ['is', 'visit:channel', ['Organic Social']] },
    [['X', 1]],
  ],
]

describe('channels:', () => test.for(channels)('%s', (told, { world }) => check(world, told)))
