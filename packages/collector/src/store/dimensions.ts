import type { EventRow, Traits } from '../ingest/row.ts'

const encoder = new TextEncoder()
const ids = new Map<string, string>()
const ids_max = 50_000

/** The dimension tables, by the trait each holds. */
export const dimensionTables = {
  page: 'pages',
  origin: 'origins',
  action: 'actions',
  client: 'clients',
  place: 'places',
} as const satisfies Record<keyof Traits, string>

/**
 * The id of a dimension row: the first 64 bits of SHA-256 over its own content, as a signed decimal.
 *
 * Ten million distinct rows of one site share an id with a probability of 3 in a million (birthday bound), which buys
 * an ingest without look-ups, sequences or races: see `docs/decisions/0002-content-addressed-dimensions.md`.
 */
const idOf = async (content: string): Promise<string> => {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(content))
  const id = new DataView(digest).getBigInt64(0).toString()
  if (ids.size >= ids_max) ids.clear()
  ids.set(content, id)
  return id
}

type DimensionRow = { site: number; id: string }
type Split = {
  events: Record<string, unknown>[]
  dimensions: Record<(typeof dimensionTables)[keyof Traits], DimensionRow[]>
}

/** Takes events apart: each into a row of ids and measures, and each distinct page, origin, … once. */
export const splitDimensions = async (rows: EventRow[]): Promise<Split> => {
  const found = {
    pages: new Map<string, DimensionRow>(),
    origins: new Map<string, DimensionRow>(),
    actions: new Map<string, DimensionRow>(),
    clients: new Map<string, DimensionRow>(),
    places: new Map<string, DimensionRow>(),
  }
  const events: Split['events'] = []

  for (const row of rows) {
    const event: Record<string, unknown> = { ...row }
    for (const trait of Object.keys(dimensionTables) as (keyof Traits)[]) {
      const value = row[trait]
      if (!value) continue
      const content = JSON.stringify(value)
      const id = ids.get(content) ?? (await idOf(content))
      event[trait] = id
      found[dimensionTables[trait]].set(`${row.site} ${id}`, { site: row.site, id, ...value })
    }
    events.push(event)
  }

  const listed = Object.entries(found).map(([table, values]) => [table, [...values.values()]])
  return { events, dimensions: Object.fromEntries(listed) as Split['dimensions'] }
}
