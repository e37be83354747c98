import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fieldErrorsOf } from '../src/field-errors.ts'
import { envelope } from '../src/wire/envelope.ts'
import { eventKinds, wireEvent } from '../src/wire/event.ts'

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

describe('the wire', () => {
  const batch = fixture('batch.json')

  test('the golden envelope is one', () => expect(envelope.parse(batch)).toEqual(batch))

  test('the golden batch has one event of each kind', () =>
    expect(batch.events.map((event: { kind: string }) => event.kind)).toEqual(eventKinds))

  test.each(batch.events as { kind: string }[])('a golden $kind reads back unchanged', (event) =>
    expect(wireEvent.parse(event)).toEqual(event),
  )

  test.each(fixture('refused-events.json') as { says: string; event: unknown; field: string }[])(
    'refuses $says',
    ({ event, field }) => {
      const read = wireEvent.safeParse(event)
      expect(read.success).toBe(false)
      if (!read.success) expect(fieldErrorsOf(read.error)[0]?.field).toBe(field)
    },
  )

  test('refuses an envelope that names its own address', () => {
    const read = envelope.safeParse({ ...batch, ip: '203.0.113.7' })
    expect(read.error && fieldErrorsOf(read.error)).toEqual([{ field: 'ip', message: 'unknown key' }])
  })
})
