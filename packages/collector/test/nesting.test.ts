import { expect, test } from 'vitest'
import { nestsDeeper } from '../src/http/nesting.ts'

test.each<[json: string, depth: number]>([
  ['1', 0],
  ['"[[["', 0],
  ['[]', 1],
  ['[[],[],[]]', 2],
  ['{"a":{"b":[1]},"c":{}}', 3],
  [String.raw`["\"[[[",[]]`, 2],
  [String.raw`["\\",[[]]]`, 3],
  [String.raw`["\\\"]]]",[[]]]`, 3],
  ['["an open end [[[', 1],
  [']]]]', 0],
])('%s nests %i deep', (json, depth) => {
  expect(nestsDeeper(json, depth)).toBe(false)
  if (depth > 0) expect(nestsDeeper(json, depth - 1)).toBe(true)
})

test('what never ends is told as soon as it is too deep', () => expect(nestsDeeper('['.repeat(1e6), 64)).toBe(true))
