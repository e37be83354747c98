import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { limitSettings } from '../src/limits/node-limits.ts'

const namesIn = (file: string, pattern: RegExp) =>
  [...readFileSync(file, 'utf8').matchAll(pattern)].map(({ groups = {} }) => groups['name'])

test('docs/node.md tells every setting of the Node process, in its order, and no other', () => {
  const own = namesIn('packages/collector/src/node.ts', /^ {2}(?<name>[A-Z_]+): (z|databasesIn)\b/gm)
  expect(namesIn('docs/node.md', /^\| `(?<name>[A-Z_]+)` \|/gm)).toEqual([...own, ...Object.keys(limitSettings)])
})
