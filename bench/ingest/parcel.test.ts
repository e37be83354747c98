import { envelope } from '@balise/shared/wire/envelope'
import { wireEvent } from '@balise/shared/wire/event'
import { limits } from '@balise/shared/wire/limits'
import { expect, test } from 'vitest'
import { createRandom } from '../world/random.ts'
import { writeParcel } from './parcel.ts'

const now_ms = Date.parse('2026-11-16T12:00:00Z')

test.each([1, 50])('a request of %i events is one that the contract takes, however often it is stamped', (events) => {
  const parcel = writeParcel(createRandom(1), 'bench', events)
  const batches = [0, 1].map((later_ms) => {
    const body = parcel.stamp(now_ms + later_ms)
    expect(body.length).toBeLessThanOrEqual(limits.body_bytes_max)
    return envelope.parse(JSON.parse(body.toString()))
  })
  const sent = batches.flatMap((batch) => batch.events.map((event) => wireEvent.parse(event)))
  expect(new Set(sent.map(({ id }) => id)).size).toBe(2 * events)
  for (const { id, at } of sent) {
    expect(now_ms - at).toBeLessThan(10_000)
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(at)
  }
})
