import { configDefaults, defineConfig } from 'vitest/config'

const contract = '**/*.contract.test.ts'
const browser = '**/*.browser.test.ts'
const start = 'test/start.test.ts'

/**
 * What each kind of test may use: `unit` answers in milliseconds (Postgres included), `contract` runs both runtimes,
 * `browser` a real Chromium, and `start` the two commands themselves, alone and last.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/setup/postgres.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,examples}/*/{src,test}/**/*.test.ts', '{test,bench,dev}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, contract, browser, start],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: 'contract', include: [contract], testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { name: 'browser', include: [browser], testTimeout: 60_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'start',
          include: [start],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
