import { wireEvent } from '@balise/shared/wire/event'
import { expect, test } from 'vitest'
import { uuidv7 } from '../src/uuid.ts'

test.each([0, 1, 1_763_650_000_000, 8_640_000_000_000_000 / 1_000])(
  'an id of %d is a UUIDv7 of that moment',
  (at_ms) => {
    const id = uuidv7(at_ms)
    expect(wireEvent.safeParse({ id, kind: 'page_view', at: 0, url: 'https://shop.example/' }).success).toBe(true)
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(at_ms)
  },
)

test('a million ids of one moment would differ: ten thousand do', () =>
  expect(new Set(Array.from({ length: 10_000 }, () => uuidv7(1_763_650_000_000))).size).toBe(10_000))
