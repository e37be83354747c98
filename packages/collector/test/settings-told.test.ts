import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nodeSettings } from '../src/node-settings.ts'

test('docs/node.md tells every setting of the Node process, in its order, and no other', () => {
  const told = readFileSync('docs/node.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)
  expect([...told].map(([, name]) => name)).toEqual(Object.keys(nodeSettings.shape))
})
