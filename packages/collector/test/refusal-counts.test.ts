import { expect, test } from 'vitest'
import type { RefusedCount } from '../src/ingest/row.ts'
import { createRefusalCounts } from '../src/limits/refusal-counts.ts'

const douala = { id: 1, time_zone: 'Africa/Douala' }
const paris = { id: 2, time_zone: 'Europe/Paris' }

/** Counts on a clock of their own, and what they delivered. */
const opened = (text: string) => {
  let now = new Date(text)
  let away = false
  const delivered: Omit<RefusedCount, 'delivery'>[][] = []
  const deliveries: string[] = []
  const counts = createRefusalCounts({
    now: () => now,
    deliver: async ({ refused }) => {
      delivered.push(refused.map(({ delivery, ...counted }) => counted))
      deliveries.push(...new Set(refused.map(({ delivery }) => delivery)))
      if (away) throw new Error('away')
    },
  })
  return {
    ...counts,
    delivered,
    deliveries,
    later: (seconds: number) => {
      now = new Date(now.getTime() + seconds * 1_000)
    },
    goAway: (gone: boolean) => {
      away = gone
    },
  }
}

test('a flood is written down at once, and then as one row in ten seconds', async () => {
  const { count, later, delivered } = opened('2026-03-10T12:00:00Z')
  for (let second = 0; second < 20; second++) {
    for (let batch = 0; batch < 50; batch++) await count(douala, 'too_many_requests', 100)
    later(1)
  }
  const rowOf = (events: number) => [{ site: 1, day: '2026-03-10', reason: 'too_many_requests', count: events }]
  expect(delivered).toEqual([rowOf(100), rowOf(50_000)])
})

test("each site's events are counted under their reason, on the site's own day", async () => {
  const { count, deliverNow, delivered } = opened('2026-03-10T22:30:00Z')
  await count(douala, 'quota_exceeded', 1)
  await count(douala, 'too_many_requests', 2)
  await count(douala, 'quota_exceeded', 3)
  await count(paris, 'quota_exceeded', 4)
  await deliverNow()
  expect(delivered.flat()).toEqual([
    { site: 1, day: '2026-03-10', reason: 'quota_exceeded', count: 1 },
    { site: 1, day: '2026-03-10', reason: 'too_many_requests', count: 2 },
    { site: 1, day: '2026-03-10', reason: 'quota_exceeded', count: 3 },
    { site: 2, day: '2026-03-10', reason: 'quota_exceeded', count: 4 },
  ])
  await deliverNow()
  expect(delivered, 'what was delivered does not go again').toHaveLength(2)
})

test('what may have arrived goes again as it was, under the same name, and what came since goes after it', async () => {
  const { count, deliverNow, delivered, deliveries, goAway } = opened('2026-03-10T12:00:00Z')
  const rowOf = (events: number) => [{ site: 1, day: '2026-03-10', reason: 'quota_exceeded', count: events }]
  goAway(true)
  await expect(count(douala, 'quota_exceeded', 5)).rejects.toThrow('away')
  await count(douala, 'quota_exceeded', 6)
  goAway(false)
  await deliverNow()
  await deliverNow()
  await deliverNow()
  expect(delivered).toEqual([rowOf(5), rowOf(5), rowOf(6)])
  expect(deliveries[1]).toBe(deliveries[0])
  expect(deliveries[2]).not.toBe(deliveries[1])
})
