import { describe, expect, test } from 'vitest'
import type { Allow } from '../src/limits/allow.ts'

/** One that lets `limit` in at once, or in each window; `wait` lets so many of its seconds pass. */
export type OpenedAllow = { allow: Allow; limit: number; wait: (seconds: number) => Promise<void> }

let keys = 0
const newKey = () => `address 203.0.113.${keys++}`

/**
 * What every limit does. One that counts by windows may let in twice its limit where one window ends and the next begins:
 * so a flood is more than that.
 */
export const allowContract = (adapter: string, open: () => Promise<OpenedAllow>) =>
  describe(`a limit in ${adapter}`, () => {
    /** Takes until it is refused, at most `asked_max` times. Answers how often it was let in, and what it was told. */
    const flood = async ({ allow, limit }: OpenedAllow, key: string, cost = 1) => {
      const asked_max = limit * 2 + 1
      for (let let_in = 0; let_in < asked_max; let_in++) {
        const allowed = await allow(key, cost)
        if (!('ok' in allowed)) return { let_in, ...allowed }
      }
      throw new Error(`let in ${asked_max} times`)
    }

    test('lets in as many as it says, and turns away a flood', async () => {
      const opened = await open()
      const { let_in, retry_after_seconds } = await flood(opened, newKey())
      expect(let_in).toBeGreaterThanOrEqual(opened.limit)
      expect(retry_after_seconds).toSatisfy(Number.isInteger)
      expect(retry_after_seconds).toBeGreaterThan(0)
      expect(retry_after_seconds).toBeLessThanOrEqual(60)
    })

    test('costs a neighbour nothing', async () => {
      const opened = await open()
      await flood(opened, newKey())
      expect(await opened.allow(newKey())).toEqual({ ok: true })
    })

    test('counts by cost, and lets the last one in whole', async () => {
      const opened = await open()
      const { let_in } = await flood(opened, newKey(), opened.limit - 1)
      expect(let_in).toBeGreaterThanOrEqual(2)
      expect(let_in).toBeLessThanOrEqual(4)
    })

    test('lets in again after the seconds it told', async () => {
      const opened = await open()
      const key = newKey()
      const { retry_after_seconds } = await flood(opened, key)
      await opened.wait(retry_after_seconds)
      expect(await opened.allow(key)).toEqual({ ok: true })
    })
  })
