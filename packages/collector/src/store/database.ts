import type { EventKind } from '@balise/shared/wire/event'
import type { ColumnType, Generated, Kysely } from 'kysely'

/** The tables as `migrations/` makes them. What SQL counts in `bigint` or `numeric` arrives as text. */
export type Tables = {
  sites: {
    id: Generated<number>
    key: string
    time_zone: Generated<string>
    hosts: Generated<string[]>
    bots: Generated<'refuse' | 'count'>
    events_per_day_max: ColumnType<string | null, number | null, number | null>
    created_at: Generated<Date>
    /** The name of the database that the site lives on; `null`: this one. */
    lives_on: string | null
    /** It is being copied to here from where it lives. */
    arrives: Generated<boolean>
    /** Until then nobody but its move writes to it. */
    held_until: Date | null
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
  counted_refusals: { id: string; site: number; at: Generated<Date> }
  dead_letters: {
    site: number
    id: string
    visitor: string
    visitor_before: string | null
    user: string | null
    event: string
    failure: string
    set_aside_at: Generated<Date>
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
  copies: {
    site: number
    database: string
    noted_at: Generated<Date>
    copied_before: Generated<string>
    round_began: string | null
    position: string | null
  }
}

type Dimension<Always extends string, Sometimes extends string> = { site: number; id: string } & {
  [column in Always]: string
} & { [column in Sometimes]: string | null }

/** What a token may be used for. */
export type Scope = 'query' | 'privacy'

/** Statements to one database: over Neon's HTTP (`store/neon.ts`) or over Postgres' own protocol (`store/postgres.ts`). */
export type Database = Kysely<Tables>

/**
 * A collector's door to one database. What is read `asSite` sees that site and no other, all statements of it in one
 * snapshot, and is refused where the site does not live there. So does what people ask, `forQuestions`, for which nobody
 * who stores has to wait.
 */
export type Door = {
  database: Database
  asSite: (site: number) => Database
  forQuestions: (site: number) => Database
  close: () => Promise<void>
}
