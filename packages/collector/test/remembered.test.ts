import { expect, test } from 'vitest'
import { remembered } from '../src/ingest/remembered.ts'

const counting = () => {
  const asked: string[] = []
  const read = remembered({ entries_max: 2, chars_max: 3 }, (text) => {
    asked.push(text)
    return text === 'no' ? undefined : text.length
  })
  return { read, asked }
}

test('what was read once is not read again, also when it was nothing', () => {
  const { read, asked } = counting()
  expect([read('a'), read('no'), read('a'), read('no')]).toEqual([1, undefined, 1, undefined])
  expect(asked).toEqual(['a', 'no'])
})

test('at its bound it begins anew', () => {
  const { read, asked } = counting()
  for (const text of ['a', 'b', 'c', 'a', 'c']) read(text)
  expect(asked).toEqual(['a', 'b', 'c', 'a'])
})

test('a long text is read each time, and not kept', () => {
  const { read, asked } = counting()
  expect([read('long'), read('long')]).toEqual([4, 4])
  expect(asked).toEqual(['long', 'long'])
})
