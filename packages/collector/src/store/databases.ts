import { z } from 'zod'
import { home } from './placement.ts'

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,30}$/, 'a name is small letters, digits, - and _; at most 31')
  .refine((given) => given !== home, '"home" is the name of the database in DATABASE_URL')

const named = z.record(name, z.url()).refine((databases) => Object.keys(databases).length <= 100, 'at most 100')

const readable = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    context.issues.push({ code: 'custom', input: '', message: 'is JSON, like {"eu2": "postgres://…"}' })
    return z.NEVER
  }
})

/** The setting DATABASES: databases where sites may live besides home, by name, as JSON. Unset: there are none. */
export const databasesIn = readable.pipe(named).prefault('{}')
