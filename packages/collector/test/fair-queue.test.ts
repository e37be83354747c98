import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFairQueue } from '../src/store/fair-queue.ts'

type Item = { site: number; name: string; weight: number }

const queueOf = (weight_max: number) => {
  const queue = createFairQueue<Item>({ weight_max, weightOf: ({ weight }) => weight })
  return {
    ...queue,
    push: (site: number, name: string, weight = 1) => queue.push(site, { site, name, weight }),
    takeAll: () => queue.takeWhile(() => true).map(({ name }) => name),
  }
}

describe('a fair queue', () => {
  test('gives each site a turn, and each line in its order', () => {
    const queue = queueOf(100)
    for (const name of ['a1', 'a2', 'a3', 'a4']) queue.push(1, name)
    for (const name of ['b1', 'b2']) queue.push(2, name)
    queue.push(3, 'c1')
    expect(queue.takeAll()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
    expect(queue.isEmpty()).toBe(true)
  })

  test('begins with the site that waited longest for its turn', () => {
    const queue = queueOf(100)
    for (const name of ['a1', 'a2', 'a3']) queue.push(1, name)
    for (const name of ['b1', 'b2', 'b3']) queue.push(2, name)
    let room = 3
    expect(queue.takeWhile(() => room-- > 0).map(({ name }) => name)).toEqual(['a1', 'b1', 'a2'])
    expect(queue.takeAll()).toEqual(['b2', 'a3', 'b3'])
  })

  test('leaves a line whose first does not fit, and goes on with the others', () => {
    const queue = queueOf(100)
    for (const name of ['a1', 'a2']) queue.push(1, name)
    for (const name of ['b1', 'b2']) queue.push(2, name)
    expect(queue.takeWhile(({ name }) => name !== 'a1').map(({ name }) => name)).toEqual(['b1', 'b2'])
    expect(queue.takeAll()).toEqual(['a1', 'a2'])
  })

  test('lets one site fill four fifths of the room, and its neighbour come in', () => {
    const queue = queueOf(100)
    const fits = (site: number, count: number) =>
      Array.from({ length: count }, () => queue.push(site, 'x')).filter(Boolean).length
    expect(fits(1, 1_000)).toBe(80)
    expect(fits(2, 10), 'all of a small neighbour').toBe(10)
    expect(fits(1, 1_000), 'and nothing more of the flood').toBe(0)
    queue.takeAll()
    expect(fits(2, 1_000), 'what was taken makes room again').toBe(80)
  })

  test('never holds more than its room, and gives all that it took', () => {
    const pushes = fc.array(fc.record({ site: fc.nat(3), weight: fc.integer({ min: 1, max: 30 }) }), { maxLength: 60 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), pushes, (weight_max, pushed) => {
        const queue = queueOf(weight_max)
        const kept = pushed.filter(({ site, weight }, index) => queue.push(site, String(index), weight))
        expect(kept.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(weight_max)
        expect(queue.takeAll()).toHaveLength(kept.length)
      }),
    )
  })
})
