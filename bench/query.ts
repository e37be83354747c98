import { parseArgs } from 'node:util'
import { ask } from '@balise/collector/query/ask'
import type { Database } from '@balise/collector/store/database'
import { fold } from '@balise/collector/store/fold'
import { openPostgres } from '@balise/collector/store/postgres'
import { findSite } from '@balise/collector/store/sites'
import { type Question, query } from '@balise/shared/stats/query'
import { Refusal } from '../dev/refusal.ts'
import { countOf } from './count-of.ts'
import { type BenchDatabase, openBenchDatabase } from './database.ts'
import { decimal, median, table, whole } from './table.ts'

type Asked = Pick<Question, 'metrics' | 'dimensions' | 'filters' | 'limit'>

/** What the first screen of a dashboard asks, and one question that no rollup answers. */
const questions: Record<string, Asked> = {
  totals: { metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'] },
  'by day': { metrics: ['visitors', 'page_views'], dimensions: ['time:day'] },
  'top paths': { metrics: ['visitors', 'page_views'], dimensions: ['event:path'], limit: 10 },
  'entry pages': { metrics: ['visitors', 'visits'], dimensions: ['visit:entry_page'], limit: 10 },
  countries: { metrics: ['visitors'], dimensions: ['visit:country'], limit: 10 },
  sources: { metrics: ['visitors'], dimensions: ['visit:source'], limit: 10 },
  channels: { metrics: ['visitors', 'visits'], dimensions: ['visit:channel'] },
}
const twoFilters: Asked = {
  metrics: ['visitors', 'page_views'],
  filters: [
    'and',
    [
      ['is', 'visit:country', ['FR']],
      ['is', 'visit:device', ['mobile']],
    ],
  ],
}

/** A filter that lets every event pass, and that no rollup knows: it makes a question be answered from raw events. */
const everything = ['is_not', 'event:kind', ['']] satisfies Question['filters']

/** `pnpm bench:query`: how long answers take over the last 30 and 90 days, beside the same questions over raw events. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { rounds: { type: 'string', default: '10' } } })
  const opened = await openBenchDatabase()
  const database = openPostgres({
    url: opened.url,
    connections_max: 8,
    statement_ms_max: 600_000,
    onBreak: ({ message }) => console.error(message),
  })
  try {
    await prepare(opened, database)
    const rows: string[][] = [['', 'p50 ms', 'p95 ms', 'over raw events, ms', 'times']]
    for (const days of [30, 90]) rows.push(...(await rowsOf(opened, database, days, countOf(values.rounds))))
    console.log(table(rows))
    return 0
  } finally {
    await database.destroy()
    await opened.stop()
  }
}

async function prepare({ client }: BenchDatabase, database: Database): Promise<void> {
  const { rows } = await client.query<{ count: string }>('select count(*) as count from events')
  if (rows[0]?.count === '0') throw new Refusal('There are no events: run bench:generate first.')
  const began_ms = performance.now()
  let folded = 0
  for (let more = await fold(database, 200_000); more; more = await fold(database, 200_000)) folded += more
  const seconds = (performance.now() - began_ms) / 1000
  await client.query('analyze')
  console.log(
    `${whole(Number(rows[0]?.count))} events; ${whole(folded)} of them folded now, in ${decimal(seconds)} s\n`,
  )
}

async function rowsOf(
  { client }: BenchDatabase,
  database: Database,
  days: number,
  rounds: number,
): Promise<string[][]> {
  const site = await findSite(database, 'bench')
  const { rows } = await client.query<{ last: Date }>('select max(at) as last from events')
  const now = rows[0]?.last ?? new Date()
  if (!site) throw new Refusal('There is no site "bench": run bench:generate first.')
  const first = new Date(now.getTime() - (days - 1) * 86_400_000)
  const dayOf = (moment: Date) => moment.toISOString().slice(0, 10)

  const timeOf = async (asked: Asked): Promise<{ ms: number; results: string }> => {
    const question = query.parse({ site: 'bench', date_range: [dayOf(first), dayOf(now)], ...asked })
    const began_ms = performance.now()
    const answer = await ask(database, site, question, now)
    const ms = performance.now() - began_ms
    if ('errors' in answer) throw new Error(JSON.stringify(answer.errors))
    return { ms, results: JSON.stringify(answer.results) }
  }
  const timesOf = async (asked: Asked): Promise<number[]> => {
    const times: number[] = []
    for (let round = 0; round < rounds; round++) times.push((await timeOf(asked)).ms)
    return times
  }

  const lines: string[][] = []
  for (const [name, asked] of Object.entries(questions)) {
    const raw = await timeOf({ ...asked, filters: everything })
    const times = await timesOf(asked)
    const { results } = await timeOf(asked)
    if (results !== raw.results) throw new Error(`${name}: rollups and raw events differ: ${results} ${raw.results}`)
    const p50 = median(times)
    lines.push([`${days} days, ${name}`, decimal(p50), decimal(p95(times)), whole(raw.ms), whole(raw.ms / p50)])
  }
  const began_ms = performance.now()
  await Promise.all(Object.values(questions).map(timeOf))
  lines.push([`${days} days, all seven at once`, decimal(performance.now() - began_ms), '–', '–', '–'])
  lines.push([`${days} days, two filters`, '–', '–', whole((await timeOf(twoFilters)).ms), '–'])
  return lines
}

const p95 = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? 0
