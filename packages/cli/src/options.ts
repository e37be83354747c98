import { z } from 'zod'

/** A row of the table: what an option takes, in words, and as a shape of all that was said with it. */
type Row = { takes: string; said: z.ZodType<unknown, string[]> }

const once = <Value>(value: z.ZodType<Value, string>) => z.tuple([value]).transform(([only]) => only)

const text = z.string().min(1)
const whole = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
  .pipe(z.int())

const isTimeZone = (name: string) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const all = z.literal('all').transform(() => null)
const any = z.literal('any').transform(() => null)
const any_host = z.tuple([z.literal('any')]).transform((): string[] => [])
/** In small letters, as browsers name them. */
const hosts = z
  .array(
    z
      .hostname()
      .toLowerCase()
      .refine((name) => name !== 'any'),
  )
  .max(100)
const months = all.or(whole.refine((number) => number >= 1 && number <= 120))

/** Every option of every verb. */
export const options = {
  'time-zone': { takes: 'an IANA time zone, like Africa/Douala', said: once(text.refine(isTimeZone)) },
  host: { takes: 'the name of a host, like shop.example, 100 at most, or any', said: any_host.or(hosts) },
  bots: { takes: 'refuse or count', said: once(z.enum(['refuse', 'count'])) },
  'events-per-day': { takes: 'a whole number, or any', said: once(any.or(whole)) },
  database: { takes: 'the name of a database', said: once(text) },
  to: { takes: 'the name of a database', said: once(text) },
  months: { takes: 'a whole number from 1 to 120, or all', said: once(months) },
  sums: { takes: 'keep or drop', said: once(z.enum(['keep', 'drop'])) },
  site: { takes: 'the key of a site', said: once(text) },
  scope: { takes: 'query or privacy', said: z.array(z.enum(['query', 'privacy'])) },
  label: { takes: 'a text', said: once(z.string()) },
} satisfies Record<string, Row>

/** The name of an option. */
export type Option = keyof typeof options

/** What was said with each option. */
export type Values = { [Name in Option]?: z.output<(typeof options)[Name]['said']> }
