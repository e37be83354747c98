import type { EventKind } from '@balise/shared/wire/event'
import type { ColumnType, Generated, Kysely } from 'kysely'

/** The tables as `migrations/` makes them. What SQL counts in `bigint` or `numeric` arrives as text. */
export type Tables = {
  sites: {
    id: Generated<number>
    key: string
    time_zone: string
    hosts: string[]
    bots: 'refuse' | 'count'
    events_per_day_max: ColumnType<string | null, number | null, number | null>
    created_at: Generated<Date>
  }
  tokens: {
    id: Generated<number>
    site: number
    hash: Uint8Array
    scopes: Scope[]
    label: string
    created_at: Generated<Date>
    revoked_at: Date | null
  }
  site_day_shares: { site: number; day: string; share: Uint8Array; other_share: string; dies_at: Date }
  pages: Dimension<'host' | 'path', 'title'>
  origins: Dimension<never, 'source' | 'referrer' | 'medium' | 'campaign' | 'term' | 'content' | 'channel'>
  actions: Dimension<never, 'name' | 'method' | 'endpoint' | 'channel' | 'currency'> & { status: number | null }
  clients: Dimension<never, 'browser' | 'browser_version' | 'os' | 'os_version' | 'device' | 'screen' | 'language'>
  places: Dimension<never, 'country' | 'region' | 'city'>
  events: {
    site: number
    id: string
    at: Date
    visitor: string
    session: string | null
    user: string | null
    page: string
    origin: string | null
    client: string
    place: string | null
    action: string | null
    kind: EventKind
    known: boolean
    skewed: boolean
    target: string | null
    duration_ms: number | null
    bytes: string | null
    engaged_ms: number | null
    scroll_percent: number | null
    amount: string | null
    props: unknown
  }
  suppressions: { site: number; subject: string; at: Generated<Date> }
  erasures: {
    id: Generated<string>
    site: number
    subject: 'visitor' | 'user'
    asked_by: number | null
    at: Generated<Date>
    erased_events: number
    suppressed: number
  }
  refusals: { site: number; day: string; reason: string; count: string }
}

type Dimension<Always extends string, Sometimes extends string> = { site: number; id: string } & {
  [column in Always]: string
} & { [column in Sometimes]: string | null }

/** What a token may be used for. */
export type Scope = 'query' | 'privacy'

/** A door to one database: over Neon's HTTP (`store/neon.ts`) or over Postgres' own protocol (`store/postgres.ts`). */
export type Database = Kysely<Tables>
