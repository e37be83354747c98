import { limits } from '@balise/shared/wire/limits'
import { expect, test } from 'vitest'
import * as ours from '../src/limits.ts'

test.each(Object.entries(ours))('%s is the contract’s', (name, limit) =>
  expect(limits[name as keyof typeof limits]).toBe(limit),
)
