import { expect, test } from 'vitest'
import { createPaced } from '../src/store/paced.ts'

/** An act that ends when it is told to, asked for on a clock of its own. */
const opened = () => {
  let ms = 0
  let begun = 0
  let ends: ((failure?: Error) => void)[] = []
  const act = () =>
    new Promise<void>((resolve, reject) => {
      begun += 1
      ends.push((failure) => (failure ? reject(failure) : resolve()))
    })
  return {
    ask: createPaced({ act, every_ms: 2_000, now: () => new Date(ms) }),
    begun: () => begun,
    later: (by_ms: number) => {
      ms += by_ms
    },
    end: (failure?: Error) => {
      for (const end of ends) end(failure)
      ends = []
    },
  }
}

test('who asks in a row is served at once, and then every two seconds', async () => {
  const { ask, begun, later, end } = opened()
  for (let asked = 0; asked < 50; asked++) {
    const served = ask()
    end()
    await served
    later(100)
  }
  expect(begun()).toBe(3)
})

test('nothing is done beside itself, however long it takes', async () => {
  const { ask, begun, later, end } = opened()
  const first = ask()
  later(60_000)
  await ask()
  expect(begun()).toBe(1)
  end()
  await first
  void ask()
  expect(begun()).toBe(2)
})

test('what failed is tried again', async () => {
  const { ask, begun, later, end } = opened()
  const first = ask()
  end(new Error('away'))
  await expect(first).rejects.toThrow('away')
  later(2_000)
  void ask()
  expect(begun()).toBe(2)
})
