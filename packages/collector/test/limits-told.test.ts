import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { limitSettings } from '../src/limits/node-limits.ts'

type Told = { name: string; per_second: number; on_workers: number }

const numberOf = (text = '') => Number(text.replaceAll(/[,_]/g, ''))

/** What each limit is, by this pattern in this file. */
const readIn = (file: string, pattern: RegExp) =>
  [...readFileSync(file, 'utf8').matchAll(pattern)].map(({ groups = {} }) => groups)

const told: Told[] = readIn(
  'docs/limits.md',
  /^\| `(?<name>[A-Z]+)` \|.*\| (?<per_second>[\d,]+) \| (?<on_workers>[\d,]+) \|$/gm,
).map((row) => ({
  name: row['name'] ?? '',
  per_second: numberOf(row['per_second']),
  on_workers: numberOf(row['on_workers']),
}))

const onWorkers = new Map(
  readIn(
    'wrangler.toml',
    /^\[\[ratelimits\]\]\nname = "(?<name>\w+)".*\n.*\nsimple = \{ limit = (?<limit>[\d_]+), period = 10 \}$/gm,
  ).map(({ name = '', limit }) => [name, numberOf(limit)]),
)

const onNode: Record<string, unknown> = z.object(limitSettings).parse({})

test('every limit of docs/limits.md is one of wrangler.toml, and the other way round', () =>
  expect(told.map(({ name }) => name)).toEqual([...onWorkers.keys()]))

test.each(told)('$name is what docs/limits.md says, on Node and on Workers', ({ name, per_second, on_workers }) => {
  expect(onNode[`${name}_PER_SECOND_MAX`]).toBe(per_second)
  expect(onWorkers.get(name)).toBe(on_workers)
})
