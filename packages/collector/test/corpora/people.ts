import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** A browser that visited a page, as Intoli's sample holds it: its agent, and what its `navigator` and `screen` told. */
export type Person = { userAgent: string; platform: string; screenWidth: number; screenHeight: number; weight: number }

const require = createRequire(import.meta.url)

/** 10,000 real browsers, the frequent ones oftener: npm `user-agents`, © Intoli, BSD-2-Clause. */
export const people: Person[] = JSON.parse(
  readFileSync(new URL('user-agents.json', `file://${require.resolve('user-agents')}`), 'utf8'),
)
