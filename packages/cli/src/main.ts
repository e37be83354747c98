#!/usr/bin/env node
import { databasesIn } from '@balise/collector/store/databases'
import { ZodError, z } from 'zod'
import type { Databases } from './databases.ts'
import { usage } from './usage.ts'
import { saidBy } from './words.ts'

const environment = z.object({
  DATABASE_URL: z.url('Set it to the database, like postgres://user:password@host/balise'),
  DATABASES: databasesIn,
})

const databasesOf = (env: NodeJS.ProcessEnv): Databases => {
  const { DATABASE_URL: home, DATABASES } = environment.parse(env)
  return { home, ...DATABASES }
}

const run = async (words: string[]): Promise<string> => {
  const said = saidBy(words)
  if (said === 'help') return usage
  const { verb, key, options } = said
  return verb.act({
    key,
    options,
    get databases() {
      return databasesOf(process.env)
    },
  })
}

/** Postgres knows no such table, column or function. */
const older_schema_codes = ['42P01', '42703', '42883']

const sentenceOf = (failure: unknown): string => {
  if (failure instanceof ZodError)
    return failure.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')
  if (!(failure instanceof Error)) return String(failure)
  if ('code' in failure && older_schema_codes.includes(String(failure.code)))
    return `The database is not migrated, or not to the newest schema (${failure.message}): run "balise migrate".`
  return failure.cause instanceof Error ? `${failure.message}: ${failure.cause.message}` : failure.message
}

run(process.argv.slice(2)).then(console.log, (failure: unknown) => {
  console.error(sentenceOf(failure))
  process.exitCode = 1
})
