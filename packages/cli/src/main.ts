#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { ZodError, z } from 'zod'
import { migrate } from './migrate.ts'
import { pepper } from './pepper.ts'
import { checkAllRollups, rebuildRollups } from './rollups.ts'
import { saveSiteAs } from './site.ts'
import { createTokenFor } from './token.ts'

const usage = `balise: the operator's verbs. All but pepper want DATABASE_URL.

  balise migrate                              bring the database to the newest schema
  balise site add KEY [--time-zone ZONE]      make a site, or change it
                      [--host HOST ...] [--bots refuse|count]
                      [--events-per-day N]
  balise token create --site KEY [--scope query|privacy ...] [--label TEXT]
                                              make a token and print it, once
  balise rollups check [--site KEY]           prove that rollups equal a count over raw events
  balise rollups rebuild [--site KEY]         make them anew from raw events, answers staying exact
  balise pepper                               print a new pepper for PEPPERS`

type Given = { database_url: string; names: string[]; options: ReturnType<typeof optionsOf>['values'] }

const optionsOf = (words: string[]) =>
  parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      'time-zone': { type: 'string' },
      host: { type: 'string', multiple: true },
      bots: { type: 'string' },
      'events-per-day': { type: 'string' },
      site: { type: 'string' },
      scope: { type: 'string', multiple: true },
      label: { type: 'string' },
    },
  })

const scopes = z.array(z.enum(['query', 'privacy'])).min(1)

const verbs: Record<string, (given: Given) => Promise<string>> = {
  migrate: async ({ database_url }) => {
    const { applied } = await migrate({ database_url })
    return applied.length > 0 ? `applied ${applied.join(', ')}` : 'nothing to do: the schema is the newest'
  },
  'site add': async ({ database_url, names: [key = ''], options }) => {
    const site = await saveSiteAs(database_url, {
      key,
      ...(options['time-zone'] && { time_zone: options['time-zone'] }),
      ...(options.host && { hosts: options.host }),
      ...(options['events-per-day'] && { events_per_day_max: Number(options['events-per-day']) }),
      ...(options.bots && { bots: options.bots as 'refuse' | 'count' }),
    })
    const { key: name, time_zone, hosts, bots, events_per_day_max } = site
    const settings = [`time zone ${time_zone}`, `hosts ${hosts.join(', ') || 'any'}`, `bots ${bots}`]
    return `site ${name}: ${settings.join(', ')}, events per day ${events_per_day_max ?? 'any'}`
  },
  'rollups check': ({ database_url, options }) => checkAllRollups(database_url, options.site),
  'rollups rebuild': ({ database_url, options }) => rebuildRollups(database_url, options.site),
  'token create': ({ database_url, options }) =>
    createTokenFor(database_url, {
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

  const database_url = process.env['DATABASE_URL']
  if (!database_url) throw new Error('Set DATABASE_URL to the database, like postgres://user:password@host/balise')
  return act({ database_url, names: positionals.slice(verb.split(' ').length), options })
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
