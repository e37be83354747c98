import type { Databases } from './databases.ts'
import { listDeadLetters, retryAllDeadLetters } from './dead-letters.ts'
import { migrateAll } from './migrate-all.ts'
import { moveSite } from './move.ts'
import type { Option, Values } from './options.ts'
import { pepper } from './pepper.ts'
import { retainAs } from './retention.ts'
import { checkAllRollups, rebuildRollups } from './rollups.ts'
import { saveSiteAs } from './site.ts'
import { createTokenFor } from './token.ts'

/** What a verb is given. `databases` is read from the environment when it is asked for: not every verb wants any. */
type Given<Known extends Option> = { databases: Databases; key: string; options: Pick<Values, Known> }

type Row<Known extends Option> = {
  /** Whether a site's key follows the verb. */
  takes_key?: true
  knows: readonly Known[]
  act: (given: Given<Known>) => string | Promise<string>
}

/** A verb of the CLI. It answers what is to be printed. */
export type Verb = Row<Option>

/** A row whose act sees those options that it knows, and no others. */
const verb = <Known extends Option>({ act, ...row }: Row<Known>): Verb => ({ ...row, act })

const refuse = (sentence: string): never => {
  throw new Error(sentence)
}

const aside = (told: string[]): string => told.join('\n') || 'nothing is set aside'

/** Every verb, as it is said. */
export const verbs: Record<string, Verb> = {
  migrate: verb({ knows: [], act: ({ databases }) => migrateAll(databases) }),
  'site add': verb({
    takes_key: true,
    knows: ['time-zone', 'host', 'bots', 'events-per-day', 'database'],
    act: async ({ databases: { home, ...others }, key, options }) => {
      const { 'time-zone': time_zone, host: hosts, bots, 'events-per-day': events_per_day_max, database } = options
      const site = await saveSiteAs(home, { key, time_zone, hosts, bots, events_per_day_max }, { others, database })
      const told = [`time zone ${site.time_zone}`, `hosts ${site.hosts.join(', ') || 'any'}`, `bots ${site.bots}`]
      return `site ${key}: ${told.join(', ')}, events per day ${site.events_per_day_max ?? 'any'}`
    },
  }),
  'site move': verb({
    takes_key: true,
    knows: ['to'],
    act: async ({ databases, key, options: { to = refuse('Say where to: balise site move KEY --to NAME') } }) => {
      const { pause_ms } = await moveSite(databases, { key, to, tell: console.error })
      return `site ${key} lives on ${to}; nobody could write for ${Math.round(pause_ms)} ms`
    },
  }),
  'site retention': verb({
    takes_key: true,
    knows: ['months', 'sums'],
    act: ({ databases, key, options }) => retainAs(databases, { key, ...options }),
  }),
  'token create': verb({
    knows: ['site', 'scope', 'label'],
    act: ({ databases: { home }, options }) => {
      const { site = refuse('Say which site: balise token create --site KEY'), scope: scopes, label } = options
      return createTokenFor(home, { site, scopes: scopes ?? ['query'], label: label ?? '' })
    },
  }),
  'rollups check': verb({
    knows: ['site'],
    act: ({ databases, options: { site } }) => checkAllRollups(databases, site, console.error),
  }),
  'rollups rebuild': verb({
    knows: ['site'],
    act: ({ databases, options: { site } }) => rebuildRollups(databases, site),
  }),
  'dead-letters list': verb({
    knows: ['site'],
    act: ({ databases, options: { site } }) => listDeadLetters(databases, site).then(aside),
  }),
  'dead-letters retry': verb({
    knows: ['site'],
    act: ({ databases, options: { site } }) => retryAllDeadLetters(databases, site).then(aside),
  }),
  pepper: verb({ knows: [], act: pepper }),
}
