import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createQueue, type Entry } from '../src/queue.ts'
import type { Outcome } from '../src/send.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const entryOf = (json: string, { session = 's', bytes = 20, rank = 0 } = {}): Entry => ({ session, json, bytes, rank })

const idsOf = (batch: readonly Entry[]) => batch.map(({ json }) => json)

/** A queue, what it delivered, batch by batch, and what it said to wait and to leave next; `answer`: what became of each. */
const openQueue = (answer: (nth: number) => Outcome = () => ['sent', '']) => {
  const delivered: { at_ms: number; ids: string[] }[] = []
  const settled: { waiting: string[]; next: string[] }[] = []
  const allowed = { now: true }
  const queue = createQueue({
    async deliver(batch) {
      delivered.push({ at_ms: Date.now(), ids: idsOf(batch) })
      return answer(delivered.length)
    },
    settle: (waiting, next) => settled.push({ waiting: idsOf(waiting), next: idsOf(next) }),
    may: () => allowed.now,
  })
  return { queue, delivered, settled, allowed, ids: () => delivered.map(({ ids }) => ids) }
}

const many = (count: number) => Array.from({ length: count }, (_, nth) => entryOf(`e${nth}`))

describe('a queue', () => {
  test('gathers in its first second, then sends one batch', async () => {
    const { queue, ids } = openQueue()
    for (const entry of many(3)) queue.add(entry)
    await vi.advanceTimersByTimeAsync(999)
    expect(ids()).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(ids()).toEqual([['e0', 'e1', 'e2']])
  })

  test('sends at once, in one batch, what one moment tells after a second of rest, and leaves nothing to insure', async () => {
    const { queue, ids, settled } = openQueue()
    await vi.advanceTimersByTimeAsync(1_001)
    for (const entry of many(3)) queue.add(entry)
    await Promise.resolve()
    expect(ids()).toEqual([['e0', 'e1', 'e2']])
    expect(settled).toEqual([{ waiting: ['e0', 'e1', 'e2'], next: [] }])
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('gathers what comes within a second after that, and sends it when the second is over', async () => {
    const { queue, delivered, settled } = openQueue()
    await vi.advanceTimersByTimeAsync(1_001)
    const first_ms = Date.now()
    queue.add(entryOf('first'))
    for (const id of ['a', 'b', 'c']) {
      await vi.advanceTimersByTimeAsync(300)
      queue.add(entryOf(id))
    }
    await Promise.resolve()
    expect(settled.at(-1)).toEqual({ waiting: ['a', 'b', 'c'], next: ['a', 'b', 'c'] })
    await vi.advanceTimersByTimeAsync(101)
    expect(delivered.map(({ at_ms, ids }) => [at_ms - first_ms, ids])).toEqual([
      [0, ['first']],
      [1_000, ['a', 'b', 'c']],
    ])
  })

  test('waits, however long, for the answer to what it sent before, unless the page leaves', async () => {
    const delivered: string[][] = []
    const hung = createQueue({
      deliver: (batch) => {
        delivered.push(idsOf(batch))
        return new Promise(() => {})
      },
      settle: () => {},
      may: () => true,
    })
    await vi.advanceTimersByTimeAsync(1_001)
    hung.add(entryOf('first'))
    await vi.advanceTimersByTimeAsync(5_000)
    hung.add(entryOf('second'))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(delivered).toEqual([['first']])
    hung.flush()
    hung.add(entryOf('last word'))
    await Promise.resolve()
    expect(delivered).toEqual([['first'], ['second'], ['last word']])
  })

  test('sends at once and in parallel when the page leaves', () => {
    const { queue, delivered } = openQueue()
    for (const entry of many(150)) queue.add(entry)
    queue.flush()
    expect(delivered.map(({ ids }) => ids.length)).toEqual([100, 50])
  })

  test('puts no two sessions into one batch', async () => {
    const { queue, ids } = openQueue()
    queue.add(entryOf('a', { session: '1' }))
    queue.add(entryOf('b', { session: '2' }))
    queue.add(entryOf('c', { session: '2' }))
    await queue.flush()
    expect(ids()).toEqual([['a'], ['b', 'c']])
  })

  test('puts no more than 58,000 bytes into one batch', async () => {
    const { queue, ids } = openQueue()
    for (const nth of [1, 2, 3]) queue.add(entryOf(`e${nth}`, { bytes: 27_000 }))
    await queue.flush()
    expect(ids()).toEqual([['e1', 'e2'], ['e3']])
  })

  test.each([
    { says: 'one event too large for a request', before: [], bytes: 58_001 },
    {
      says: 'more than 512 KiB',
      before: many(10).map((entry) => ({ ...entry, bytes: 52_000 })),
      bytes: 6_000,
    },
  ])('has no room for $says', ({ before, bytes }) => {
    const { queue, allowed } = openQueue()
    allowed.now = false
    for (const entry of before) expect(queue.add(entry)).toBe(0)
    expect(queue.add(entryOf('one more', { bytes }))).toBe(1)
  })

  test('makes room for what is worth more', async () => {
    const { queue, allowed, settled } = openQueue()
    allowed.now = false
    for (const entry of many(10)) queue.add({ ...entry, bytes: 52_000, rank: 4 })
    expect(queue.add(entryOf('a contact', { bytes: 6_000 }))).toBe(1)
    await Promise.resolve()
    expect(settled.at(-1)?.waiting).toEqual(['a contact', 'e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8'])
  })

  test('keeps no more in flight than a page may, the best first, and the next best may leave next', async () => {
    const { queue, ids, settled } = openQueue()
    for (const [nth, id] of ['worst', 'good', 'best'].entries())
      queue.add(entryOf(id, { bytes: 50_000, rank: 2 - nth }))
    queue.flush()
    expect(ids()).toEqual([['best']])
    await Promise.resolve()
    expect(settled).toEqual([{ waiting: ['best', 'good', 'worst'], next: ['good'] }])
  })

  test('holds while it may not deliver, and forgets when cleared', async () => {
    const { queue, allowed, ids } = openQueue()
    allowed.now = false
    queue.add(entryOf('a'))
    await vi.advanceTimersByTimeAsync(5_000)
    queue.flush()
    queue.drop()
    allowed.now = true
    queue.add(entryOf('b'))
    await queue.flush()
    expect(ids()).toEqual([['b']])
  })

  test('says what waits once for all that a moment tells, and that nothing does once it was sent', async () => {
    const { queue, settled } = openQueue()
    for (const entry of many(3)) queue.add(entry)
    await Promise.resolve()
    expect(settled).toEqual([{ waiting: ['e0', 'e1', 'e2'], next: ['e0', 'e1', 'e2'] }])
    await queue.flush()
    expect(settled.at(-1)).toEqual({ waiting: [], next: [] })
  })

  test('holds on to what is on its way, and lets nobody else send it', async () => {
    const { queue, settled } = openQueue()
    for (const entry of many(2)) queue.add(entry)
    queue.flush()
    await Promise.resolve()
    expect(settled[0]).toEqual({ waiting: ['e0', 'e1'], next: [] })
  })

  test('does not end a flush before what left with the page was answered', async () => {
    let answered = 0
    const slow = createQueue({
      deliver: () => new Promise((resolve) => setTimeout(() => resolve(['sent', ++answered]), 500)),
      settle: () => {},
      may: () => true,
    })
    for (const entry of many(150)) slow.add(entry)
    slow.flush()
    const flushed = slow.flush().then(() => answered)
    await vi.advanceTimersByTimeAsync(500)
    expect(await flushed).toBe(2)
  })

  test('answers a flush with what is said to what was on its way as well', async () => {
    const { queue } = openQueue((nth) => ['sent', { nth }])
    await vi.advanceTimersByTimeAsync(1_001)
    queue.add(entryOf('a'))
    await Promise.resolve()
    queue.add(entryOf('b'))
    expect(await queue.flush()).toEqual([{ nth: 1 }, { nth: 2 }])
    expect(await queue.flush()).toEqual([])
  })

  test('answers a flush with what was said to each batch, and with nothing where nobody answered', async () => {
    const { queue } = openQueue((nth) => (nth > 2 ? ['lost', 'offline'] : [nth > 1 ? 'refused' : 'sent', { nth }]))
    queue.add(entryOf('a', { session: '1' }))
    queue.add(entryOf('b', { session: '2' }))
    expect(await queue.flush()).toEqual([{ nth: 1 }, { nth: 2 }])
    queue.add(entryOf('c'))
    expect(await queue.flush()).toEqual([])
  })

  test('drops what is refused and goes on', async () => {
    const { queue, ids } = openQueue((nth) => [nth === 1 ? 'refused' : 'sent', ''])
    queue.add(entryOf('a'))
    await queue.flush()
    queue.add(entryOf('b'))
    await queue.flush()
    expect(ids()).toEqual([['a'], ['b']])
  })
})

describe('a batch that is lost', () => {
  test('is sent again with the same ids, before what came after', async () => {
    const { queue, ids } = openQueue((nth) => [nth === 1 ? 'lost' : 'sent', ''])
    queue.add(entryOf('a'))
    await queue.flush()
    queue.add(entryOf('b'))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(ids()).toEqual([['a'], ['a', 'b']])
  })

  test('is tried ever more rarely, up to a minute apart', async () => {
    const { queue, delivered } = openQueue(() => ['lost', ''])
    queue.add(entryOf('a'))
    await vi.advanceTimersByTimeAsync(3_600_000)
    const pauses = delivered.slice(1).map(({ at_ms }, nth) => at_ms - (delivered[nth]?.at_ms ?? 0))
    pauses.slice(0, 8).forEach((pause, nth) => {
      expect(pause).toBeGreaterThanOrEqual(1_000 * 2 ** Math.min(nth, 5))
      expect(pause).toBeLessThanOrEqual(2_000 * 2 ** Math.min(nth, 5))
    })
    expect(Math.max(...pauses)).toBeLessThanOrEqual(64_000)
  })

  test('is not sent inside the time the collector asked for, not even when the page leaves', async () => {
    const { queue, delivered } = openQueue((nth) => (nth === 1 ? ['lost', 503, 60_000] : ['sent', '']))
    queue.add(entryOf('a'))
    await queue.flush()
    for (let second = 0; second < 59; second++) {
      queue.add(entryOf(`more ${second}`))
      queue.flush()
      await queue.flush()
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(delivered).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(delivered[1]?.ids).toHaveLength(60)
  })

  test('is tried once more when the page leaves, where the collector asked for no time', async () => {
    const { queue, ids } = openQueue(() => ['lost', 'offline'])
    queue.add(entryOf('a'))
    await queue.flush()
    queue.flush()
    expect(ids()).toEqual([['a'], ['a']])
  })
})
