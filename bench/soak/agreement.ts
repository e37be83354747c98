import { answer } from '@balise/shared/stats/answer'
import type { SoakStage } from './stage.ts'
import type { Counts } from './traffic.ts'

/** By brute force over raw events. Visitors are keyed by day or for good, so that a distinct count is what is meant. */
const by_path = `
select page.path, count(*)::integer as events, count(*) filter (where kind = 'page_view')::integer as page_views,
  count(distinct visitor)::integer as visitors
from events join pages as page on page.site = events.site and page.id = events.page
group by page.path`

type Row = { path: string; events: number; page_views: number; visitors: number }

const totals = `
select (select count(*)::integer from events) as stored,
  (select coalesce(sum(events), 0)::integer from rollups where dimension = 'total') as folded,
  (select coalesce(sum(count), 0)::integer from refusals where reason = 'forgotten') as forgotten`

type Totals = { stored: number; folded: number; forgotten: number }

/** What does not agree between the answers that were given, the table and the rollups, in sentences; none: all does. */
export const disagreements = async (stage: SoakStage, counts: Counts): Promise<string[]> => {
  const { eye, site } = stage.base
  const { rows } = await eye.query<Totals>(totals)
  const [{ stored, folded, forgotten }] = rows as [Totals]
  const missing = counts.accepted - counts.erased - stored
  // Who was forgotten while their events waited in the spool: those were accepted, and are turned away when they are stored.
  const forgotten_in_spool = forgotten - counts.forgotten
  if (missing < 0 || missing > forgotten_in_spool)
    return [`${counts.accepted} events were accepted and ${counts.erased} erased, but ${stored} are stored.`]
  if (folded !== stored) return [`${stored} events are stored, but rollups hold ${folded}.`]

  const wrong: string[] = []
  const raw = await eye.query<Row>(by_path)
  const answered = await fetch(`${stage.url}/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.token}` },
    body: JSON.stringify({
      site: site.key,
      date_range: 'all',
      metrics: ['events', 'page_views', 'visitors'],
      dimensions: ['event:path'],
      limit: 10_000,
    }),
  })
  const { results } = answer.parse(await answered.json())
  const told = new Map(results.map(({ dimensions, metrics }) => [String(dimensions[0]), metrics.join(' ')]))
  if (told.size !== raw.rows.length) wrong.push(`${raw.rows.length} paths are stored, but ${told.size} are answered.`)
  for (const { path, events, page_views, visitors } of raw.rows)
    if (told.get(path) !== `${events} ${page_views} ${visitors}`)
      wrong.push(`${path}: ${events} ${page_views} ${visitors} are stored, but ${told.get(path)} are answered.`)
  return wrong.slice(0, 10)
}
