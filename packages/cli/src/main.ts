#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { databasesIn } from '@balise/collector/store/databases'
import { ZodError, z } from 'zod'
import type { Databases } from './databases.ts'
import { listDeadLetters, retryAllDeadLetters } from './dead-letters.ts'
import { migrate } from './migrate.ts'
import { moveSite } from './move.ts'
import { pepper } from './pepper.ts'
import { retainAs } from './retention.ts'
import { checkAllRollups, rebuildRollups } from './rollups.ts'
import { saveSiteAs } from './site.ts'
import { createTokenFor } from './token.ts'
import { roles_statements } from './walls.ts'

const usage = `balise: the operator's verbs. All but pepper want DATABASE_URL, and DATABASES where there are others.

  balise migrate                              bring every database to the newest schema
  balise site add KEY [--time-zone ZONE]      make a site, or change it
                      [--host HOST ...] [--bots refuse|count]
                      [--events-per-day N]
                      [--database NAME]       a new one lives there, not at home
  balise site move KEY --to NAME              move a site to another database, while it is in use
  balise site retention KEY --months N|all    keep raw events for so many months,
                      [--sums keep|drop]      and what they added up to for ever, or not
  balise token create --site KEY [--scope query|privacy ...] [--label TEXT]
                                              make a token and print it, once
  balise rollups check [--site KEY]           prove that rollups and visits equal a count over raw events
  balise rollups rebuild [--site KEY]         make them anew from raw events, answers staying exact
  balise dead-letters list [--site KEY]       tell which events a database would not have, and why
  balise dead-letters retry [--site KEY]      store those that it will have now
  balise pepper                               print a new pepper for PEPPERS`

type Given = { databases: Databases; names: string[]; options: ReturnType<typeof optionsOf>['values'] }

const optionsOf = (words: string[]) =>
  parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      'time-zone': { type: 'string' },
      host: { type: 'string', multiple: true },
      bots: { type: 'string' },
      'events-per-day': { type: 'string' },
      database: { type: 'string' },
      to: { type: 'string' },
      months: { type: 'string' },
      sums: { type: 'string' },
      site: { type: 'string' },
      scope: { type: 'string', multiple: true },
      label: { type: 'string' },
    },
  })

const environment = z.object({
  DATABASE_URL: z.url('Set it to the database, like postgres://user:password@host/balise'),
  DATABASES: databasesIn,
})

const how_to_wall = `Have this run by one who may, OWNER being this user, and migrate again:\n\n${roles_statements}\n`

const scopes = z.array(z.enum(['query', 'privacy'])).min(1)

const aside = (told: string[]): string => told.join('\n') || 'nothing is set aside'

const verbs: Record<string, (given: Given) => Promise<string>> = {
  migrate: async ({ databases }) => {
    const told: string[] = []
    for (const [name, database_url] of Object.entries(databases)) {
      const { applied, walled } = await migrate({ database_url })
      told.push(`${name}: ${applied.length > 0 ? `applied ${applied.join(', ')}` : 'the schema is the newest'}`)
      if (!walled) told.push(`${name}: sites have one wall only, for this user may not make roles. ${how_to_wall}`)
    }
    // A newer schema may have what an older one would not.
    return [...told, ...(await retryAllDeadLetters(databases))].join('\n')
  },
  'site add': async ({ databases: { home, ...others }, names: [key = ''], options }) => {
    const settings = {
      key,
      ...(options['time-zone'] && { time_zone: options['time-zone'] }),
      ...(options.host && { hosts: options.host }),
      ...(options['events-per-day'] && { events_per_day_max: Number(options['events-per-day']) }),
      ...(options.bots && { bots: options.bots as 'refuse' | 'count' }),
    }
    const site = await saveSiteAs(home, settings, { others, database: options.database })
    const { key: name, time_zone, hosts, bots, events_per_day_max } = site
    const told = [`time zone ${time_zone}`, `hosts ${hosts.join(', ') || 'any'}`, `bots ${bots}`]
    return `site ${name}: ${told.join(', ')}, events per day ${events_per_day_max ?? 'any'}`
  },
  'site move': async ({ databases, names: [key = ''], options: { to } }) => {
    if (!to) throw new Error('Say where to: balise site move KEY --to NAME')
    const { pause_ms } = await moveSite(databases, { key, to, tell: console.error })
    return `site ${key} lives on ${to}; nobody could write for ${Math.round(pause_ms)} ms`
  },
  'site retention': ({ databases, names: [key = ''], options: { months, sums } }) =>
    retainAs(databases, { key, months, sums: sums as 'keep' | 'drop' | undefined }),
  'rollups check': ({ databases, options }) => checkAllRollups(databases, options.site, console.error),
  'rollups rebuild': ({ databases, options }) => rebuildRollups(databases, options.site),
  'dead-letters list': ({ databases, options }) => listDeadLetters(databases, options.site).then(aside),
  'dead-letters retry': ({ databases, options }) => retryAllDeadLetters(databases, options.site).then(aside),
  'token create': ({ databases: { home }, options }) =>
    createTokenFor(home, {
      site: options.site ?? '',
      scopes: scopes.parse(options.scope ?? ['query']),
      label: options.label ?? '',
    }),
}

const run = async (words: string[]): Promise<string> => {
  const { positionals, values: options } = optionsOf(words)
  if (positionals[0] === 'pepper') return pepper()

  const verb = [positionals.slice(0, 2).join(' '), positionals[0] ?? ''].find((name) => name in verbs)
  const act = verb && verbs[verb]
  if (!act) throw new Error(usage)

  const { DATABASE_URL: home, DATABASES } = environment.parse(process.env)
  return act({ databases: { home, ...DATABASES }, names: positionals.slice(verb.split(' ').length), options })
}

const sentenceOf = (failure: unknown): string => {
  if (failure instanceof ZodError)
    return failure.issues.map(({ path, message }) => `${path.join('.') || 'arguments'}: ${message}`).join('\n')
  if (!(failure instanceof Error)) return String(failure)
  return failure.cause instanceof Error ? `${failure.message}: ${failure.cause.message}` : failure.message
}

run(process.argv.slice(2)).then(console.log, (failure: unknown) => {
  console.error(sentenceOf(failure))
  process.exitCode = 1
})
