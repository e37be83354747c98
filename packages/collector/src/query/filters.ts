import type { Filter, Query } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import { conditionOf, partsOf, passes, type Single } from './condition.ts'
import { dimensions, tables } from './dimensions.ts'

type Condition = RawBuilder<unknown>

/**
 * What a question over visits lets pass: of the visits that are kept, of those that are `fresh`, and then of their events.
 * What is said of visits alone is asked before they are taken apart, and not again of each event. A kept visit is also
 * asked whether it may have an event that fits.
 */
export const filtersOf = ({
  site_id,
  query,
}: {
  site_id: number
  query: Query
}): { kept: Condition; fresh: Condition; event: Condition } => {
  const parts = partsOfAnd(query)
  const about_visits = parts.filter(isAboutVisits)
  return {
    kept: allOf(parts.filter(rulesOutVisits), byVisit(site_id)),
    fresh: allOf(about_visits),
    event: allOf(parts.filter((part) => !isAboutVisits(part))),
  }
}

const partsOfAnd = ({ filters }: Query): Filter[] => {
  if (!filters) return []
  return filters[0] === 'and' ? filters[1] : [filters]
}

const isAboutVisits = (part: Filter): boolean =>
  partsOf(part).every(({ filter }) => filter.length !== 3 || dimensions[filter[1]].of === 'visits')

/** Whether it can be said of a whole visit that nothing in it fits: not where some event has to be without something. */
const rulesOutVisits = (part: Filter): boolean =>
  isAboutVisits(part) || partsOf(part).every(({ filter }) => filter[0] !== 'not')

/**
 * All of these conditions, each of which the planner takes for one that half of the rows fulfil. By itself it would
 * believe that hardly a row does, and look up one by one what it should read at once.
 */
const allOf = (parts: Filter[], single?: (filter: Single) => RawBuilder<boolean>): Condition =>
  sql.join([sql`true`, ...parts.map((part) => sql`coalesce(${conditionOf(part, single)}, false)`)], sql` and `)

/** By what a visit's own row tells of its facts and of its events. */
const byVisit = (site_id: number) => (filter: Single) =>
  dimensions[filter[1]].of === 'visits' ? byId(site_id, filter) : bySignature(site_id, filter)

/**
 * By the id that a visit has of a fact. Which ids pass is looked up once: most visits are passed over without a name being
 * compared, and without the rest of their row being taken apart.
 */
const byId = (site_id: number, filter: Single): RawBuilder<boolean> => {
  const { home, value, none } = dimensions[filter[1]]
  const id = sql.ref(`visits.${home}`)
  return sql`case when ${id} is null then ${passes(filter, none)} else ${id} in (
        select id from ${sql.table(tables[home])} as ${sql.id(home)} where site = ${site_id} and ${passes(filter, value)}
      ) end`
}

/** By the bits of 0021: a visit without any that the filter lets pass has no event that fits. One that is not signed may. */
const bySignature = (site_id: number, filter: Single): RawBuilder<boolean> => {
  const [, fact] = filter
  const { home, value } = dimensions[fact]
  return sql`(signature & (
        select coalesce(bit_or(signature_of(${fact}, value)), 0)
        from (select distinct ${value} as value from deeds as ${sql.id(home)} where site = ${site_id} and ${passes(filter, value)}) as passing
      ) <> 0) is not false`
}
