import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayBeganAt, siteMomentOf } from '../src/ingest/site-clock.ts'

/** The second before which a clock leaps or falls back, and a zone it does so in. */
const leaps = [
  ['Europe/Paris', '2026-03-29T01:00:00Z'],
  ['Europe/Paris', '2026-10-25T01:00:00Z'],
  ['America/Santiago', '2026-09-06T04:00:00Z'], // over midnight
  ['America/Havana', '2026-11-01T05:00:00Z'], // midnight comes twice
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'], // by half an hour
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z'],
  ['Pacific/Kiritimati', '2026-06-30T10:00:00Z'],
] as const

const moment = fc.tuple(fc.constantFrom(...leaps), fc.integer({ min: -90_000_000, max: 90_000_000 }))

test('the wall clock of a site shows what its zone does, to the millisecond, around leaps too', () => {
  fc.assert(
    fc.property(moment, ([[time_zone, leap], by_ms]) => {
      const at = new Date(Date.parse(leap) + by_ms)
      const { day, since_midnight_ms } = siteMomentOf(at, time_zone)
      const shown = new Date(Date.parse(`${day}T00:00:00Z`) + since_midnight_ms).toISOString()
      const calendar = new Intl.DateTimeFormat('sv-SE', {
        timeZone: time_zone,
        dateStyle: 'short',
        timeStyle: 'medium',
      })
      expect(shown.slice(0, 19).replace('T', ' ')).toBe(calendar.format(at))
      expect(since_midnight_ms % 1000).toBe(at.getUTCMilliseconds())
    }),
    { numRuns: 2_000 },
  )
})

test('a day begins where no moment before shows it', () => {
  fc.assert(
    fc.property(moment, ([[time_zone, leap], by_ms]) => {
      const at = new Date(Date.parse(leap) + by_ms)
      const { day } = siteMomentOf(at, time_zone)
      const began = dayBeganAt(at, time_zone)
      expect(siteMomentOf(began, time_zone).day).toBe(day)
      expect(siteMomentOf(new Date(began.getTime() - 1), time_zone).day < day).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
