import type { ValueDimension } from '@balise/shared/stats/query'
import { type RawBuilder, sql } from 'kysely'
import type { Counted } from './metrics.ts'

/**
 * Each dimension's value: whose fact it is, and its SQL over the names that `from-events.ts` and `from-visits.ts` give
 * their tables. It is never null: what is not known has a name too, to be shown and filtered by.
 */
export const dimensions: { [D in ValueDimension]: { of: Counted; value: RawBuilder<string> } } = {
  'event:path': { of: 'events', value: sql`coalesce(page.path, '(none)')` },
  'event:kind': { of: 'events', value: sql`event.kind::text` },
  'event:name': { of: 'events', value: sql`coalesce(action.name, '(none)')` },
  'event:endpoint': { of: 'events', value: sql`coalesce(action.endpoint, '(none)')` },
  'event:channel': { of: 'events', value: sql`coalesce(action.channel, '(none)')` },
  'visit:source': { of: 'visits', value: sql`coalesce(origin.source, 'Direct')` },
  'visit:channel': { of: 'visits', value: sql`coalesce(origin.channel, 'Direct')` },
  'visit:country': { of: 'visits', value: sql`coalesce(place.country, '(unknown)')` },
  'visit:browser': { of: 'visits', value: sql`coalesce(client.browser, '(unknown)')` },
  'visit:os': { of: 'visits', value: sql`coalesce(client.os, '(unknown)')` },
  'visit:device': { of: 'visits', value: sql`coalesce(client.device, '(unknown)')` },
  'visit:entry_page': { of: 'visits', value: sql`coalesce(entry.path, '(none)')` },
}
