import { expect, test } from 'vitest'
import { createTokenBuckets, type Rate } from '../src/limits/token-buckets.ts'
import { allowContract } from './allow.contract.ts'

/** Buckets on a clock of their own. */
const opened = (rate: Rate, keys_max = 1_000) => {
  let now_ms = Date.UTC(2026, 2, 10)
  const allow = createTokenBuckets({ rate, keys_max, now: () => new Date(now_ms) })
  const wait = async (seconds: number) => {
    now_ms += seconds * 1_000
  }
  /** Whether each of these was let in. */
  const letIn = async (...asked: [key: string, cost?: number][]) => {
    const answers: boolean[] = []
    for (const [key, cost] of asked) answers.push('ok' in (await allow(key, cost)))
    return answers
  }
  return { allow, wait, letIn }
}

allowContract('token buckets', async () => ({ ...opened({ per_second: 2, burst: 10 }), limit: 10 }))

test('a bucket fills steadily: what came at once is waited off, no less and no more', async () => {
  const { letIn, wait } = opened({ per_second: 2, burst: 3 })
  expect(await letIn(['a'], ['a'], ['a'], ['a'])).toEqual([true, true, true, false])
  await wait(0.5)
  expect(await letIn(['a'], ['a'])).toEqual([true, false])
  await wait(1)
  expect(await letIn(['a'], ['a'], ['a'])).toEqual([true, true, false])
  await wait(3_600)
  expect(await letIn(['a'], ['a'], ['a'], ['a'])).toEqual([true, true, true, false])
})

test('who took more than there was waits it off', async () => {
  const { allow, wait } = opened({ per_second: 10, burst: 50 })
  expect(await allow('site 1', 100)).toEqual({ ok: true })
  expect(await allow('site 1', 1)).toEqual({ retry_after_seconds: 6 })
  await wait(5)
  expect(await allow('site 1', 1)).toEqual({ retry_after_seconds: 1 })
  await wait(0.1)
  expect(await allow('site 1', 1)).toEqual({ ok: true })
})

test('a clock that is set back takes nothing', async () => {
  const { letIn, wait } = opened({ per_second: 1, burst: 2 })
  expect(await letIn(['a'])).toEqual([true])
  await wait(-3_600)
  expect(await letIn(['a'], ['a'])).toEqual([true, false])
})

test('a flood of keys ends at the bound, and the flooder that asks on stays turned away', async () => {
  const { letIn } = opened({ per_second: 1, burst: 2 }, 10)
  expect(await letIn(['flooder'], ['flooder'], ['flooder'])).toEqual([true, true, false])
  for (let key = 0; key < 100; key++) expect(await letIn([`key ${key}`], ['flooder'])).toEqual([true, false])
  expect(await letIn(['idle'], ['idle'], ['idle'])).toEqual([true, true, false])
  for (let key = 0; key < 10; key++) await letIn([`other ${key}`])
  expect(await letIn(['idle']), 'the one that waited longest was forgotten').toEqual([true])
})
