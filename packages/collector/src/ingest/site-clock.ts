const formats = new Map<string, Intl.DateTimeFormat>()
const formats_max = 600 // there are about 420 IANA zones

const formatOf = (time_zone: string): Intl.DateTimeFormat => {
  const known = formats.get(time_zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: time_zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  if (formats.size >= formats_max) formats.clear()
  formats.set(time_zone, format)
  return format
}

/** A moment as a site's wall clock shows it: the day as `2026-10-25`, and the milliseconds shown since midnight. */
export type SiteMoment = { day: string; since_midnight_ms: number }

/** Reads a site's wall clock at a moment. `time_zone` is an IANA name. */
export const siteMomentOf = (at: Date, time_zone: string): SiteMoment => {
  const shown_ms = at.getTime() + aheadOf(at.getTime(), time_zone)
  return {
    day: new Date(shown_ms).toISOString().slice(0, 10),
    since_midnight_ms: ((shown_ms % day_ms) + day_ms) % day_ms,
  }
}

/** The instant at which the day began that a site's wall clock shows at a moment, whether or not the clock leapt since. */
export const dayBeganAt = (at: Date, time_zone: string): Date => {
  const { day, since_midnight_ms } = siteMomentOf(at, time_zone)
  const began = new Date(at.getTime() - since_midnight_ms)
  const there = siteMomentOf(began, time_zone)
  if (there.day !== day) return new Date(began.getTime() + day_ms - there.since_midnight_ms)
  const before = new Date(began.getTime() - 1)
  return siteMomentOf(before, time_zone).day === day ? dayBeganAt(before, time_zone) : began
}

const minute_ms = 60_000
const day_ms = 86_400_000

/** By how many milliseconds each zone was ahead of UTC in a minute: asking its calendar takes longer than all else about an event's day. */
const ahead = new Map<string, number>()
const ahead_max = 20_000

/** No clock leaps within a minute. */
const aheadOf = (at_ms: number, time_zone: string): number => {
  const minute = Math.floor(at_ms / minute_ms)
  const asked = `${minute} ${time_zone}`
  const known = ahead.get(asked)
  if (known !== undefined) return known

  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
  for (const { type, value } of formatOf(time_zone).formatToParts(minute * minute_ms)) part[type] = value
  const shown = `${part.year?.padStart(4, '0')}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}Z`
  const ms = Date.parse(shown) - minute * minute_ms
  if (ahead.size >= ahead_max) ahead.clear()
  ahead.set(asked, ms)
  return ms
}

/** The calendar day before a day. */
export const dayBefore = (day: string): string => new Date(Date.parse(day) - day_ms).toISOString().slice(0, 10)
