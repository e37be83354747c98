import { createGateway } from '@balise/neon-gateway'
import { expect } from 'vitest'
import { ask } from '../src/query/ask.ts'
import { openNeon } from '../src/store/neon.ts'
import { by, from, now, october, on } from './query-story.ts'
import { questionTo, test } from './query-world.ts'

test("an answer over Neon's HTTP is the one over Postgres' own protocol", async ({ world }) => {
  const site = await world.settle('Europe/Paris', [
    by('ann', '2026-10-01T10:00Z', from('Google')),
    by('ann', '2026-10-01T10:01Z', on('/it\'s {"a",b}\\')),
    by('ben', '2026-10-01T10:00Z'),
  ])
  const query = questionTo(site, {
    date_range: october,
    metrics: ['visitors', 'visits', 'page_views', 'events', 'bounce_rate', 'visit_duration'],
    dimensions: ['time:day', 'visit:source', 'event:path'],
    filters: [
      'or',
      [
        ['is', 'event:path', ['/', '/it\'s {"a",b}\\']],
        ['contains', 'event:path', ['none']],
      ],
    ],
    include: ['total_rows', 'time_labels', 'refused'],
  })
  const gateway = await createGateway({ database_url: world.url })
  const neon = openNeon({ url: world.url, endpoint: `${gateway.url}/sql` })
  const answered = await ask(neon, site, query, now)
  await neon.destroy()
  await gateway.close()

  expect(answered).toEqual(await ask(world.database, site, query, now))
  expect(answered).toMatchObject({ meta: { total_rows: 3, time_labels: ['2026-10-01'], refused: {} } })
})
