import type { Question } from '@balise/shared/stats/query'
import { expect } from 'vitest'
import type { EventRow } from '../src/ingest/row.ts'
import { row } from './deliveries.ts'
import { foldToTheEnd } from './folding.ts'
import type { Asked, World } from './query-world.ts'

/** Three visitors. */
const persons = ['ann', 'ben', 'eve'] as const

/** An event of somebody: a page view of `/`, unless `given` says else. */
export const by = (person: (typeof persons)[number], at: string, given: Partial<EventRow> = {}): EventRow =>
  row(0, new Date(at), { visitor: `00000000-0000-4000-8000-00000000000${persons.indexOf(person)}`, ...given })

/** On a page. */
export const on = (path: string) => ({ page: { host: 'shop.example', path, title: null } })

/** From a site or a campaign. */
export const from = (source: string | null) => ({
  origin: { source, referrer: null, medium: null, campaign: null, term: null, content: null, channel: null },
})

/** In a country. */
export const inCountry = (country: string | null) => ({ place: { country, region: null, city: null } })

/** In a session of a known visitor. */
export const inSession = (n: number) => ({ session: `00000000-0000-4000-9000-00000000000${n}`, known: true })

/** A custom event. */
export const custom = (name: string) => ({
  kind: 'custom' as const,
  action: { name, method: null, endpoint: null, status: null, channel: null, currency: null },
})

/** What happened, what is asked (of 1 October 2026 in UTC unless told), and the rows: `[...dimensions, ...metrics]`. */
export type Case = [
  says: string,
  events: EventRow[],
  asked: Partial<Asked>,
  rows: (string | number | null)[][],
  time_zone?: string,
]

/** 1 October 2026. */
export const october: Question['date_range'] = ['2026-10-01', '2026-10-01']

/** When the questions of {@link Case}s are asked. */
export const now = new Date('2026-11-18T12:00:00Z')

/** Lets a case happen on a site of its own, asks while it waits to be folded and once it is, and compares. */
export const check = async (world: World, [, events, asked, rows, time_zone = 'UTC']: Case): Promise<void> => {
  const site = await world.settle(time_zone, events)
  const ask = async () => {
    const { results } = await world.answer(site, { date_range: october, metrics: ['visits'], ...asked }, now)
    return results.map(({ dimensions, metrics }) => [...dimensions, ...metrics])
  }
  expect(await ask(), 'not folded').toEqual(rows)
  await foldToTheEnd(world.database)
  expect(await ask(), 'folded').toEqual(rows)
}
