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
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
  for (const { type, value } of formatOf(time_zone).formatToParts(at)) part[type] = value
  return {
    day: `${part.year?.padStart(4, '0')}-${part.month}-${part.day}`,
    since_midnight_ms: (Number(part.hour) * 3600 + Number(part.minute) * 60 + Number(part.second)) * 1000,
  }
}

/** The calendar day before a day. */
export const dayBefore = (day: string): string => new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
