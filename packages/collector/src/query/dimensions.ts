import type { ValueDimension } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import type { Counted } from './metrics.ts'

/** What a dimension splits by: whose fact it is, and its value in SQL. */
export type Fact = {
  of: Counted
  /** The row it stands in, by the name that `from-events.ts` and `from-visits.ts` give it. */
  home: keyof typeof tables
  /** Never null: what is not known has a name too, to be shown and filtered by. */
  value: RawBuilder<string>
  /** The value where there is no such row. */
  none: RawBuilder<string>
}

/** Where the rows are kept. What was done in a visit, its entry too, is told by deeds. */
export const tables = {
  event: 'events',
  page: 'pages',
  action: 'actions',
  origin: 'origins',
  client: 'clients',
  place: 'places',
  entry: 'deeds',
} as const

const fact = (of: Counted, home: Fact['home'], column: RawBuilder<unknown>, none: RawBuilder<string>): Fact => ({
  of,
  home,
  value: sql`coalesce(${column}, ${none})`,
  none,
})

const none = sql<string>`'(none)'`
const direct = sql<string>`'Direct'`
const unknown = sql<string>`'(unknown)'`

/** The fact behind each dimension. */
export const dimensions: { [D in ValueDimension]: Fact } = {
  'event:path': fact('events', 'page', sql`page.path`, none),
  'event:kind': { of: 'events', home: 'event', value: sql`event.kind::text`, none },
  'event:name': fact('events', 'action', sql`action.name`, none),
  'event:endpoint': fact('events', 'action', sql`action.endpoint`, none),
  'event:channel': fact('events', 'action', sql`action.channel`, none),
  'visit:source': fact('visits', 'origin', sql`origin.source`, direct),
  'visit:channel': fact('visits', 'origin', sql`origin.channel`, direct),
  'visit:country': fact('visits', 'place', sql`place.country`, unknown),
  'visit:browser': fact('visits', 'client', sql`client.browser`, unknown),
  'visit:os': fact('visits', 'client', sql`client.os`, unknown),
  'visit:device': fact('visits', 'client', sql`client.device`, unknown),
  'visit:entry_page': fact('visits', 'entry', sql`entry.path`, none),
}
