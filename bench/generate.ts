import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { Refusal } from '../dev/refusal.ts'
import { countOf } from './count-of.ts'
import { type BenchDatabase, openBenchDatabase } from './database.ts'
import { type Dimensions, dictionaryOf } from './generate/dictionary.ts'
import { columns } from './generate/event.ts'
import { linesOfPast, type Past } from './generate/past.ts'
import { optionsIn } from './options.ts'
import { whole } from './table.ts'

/** `pnpm bench:generate`: fills an empty database with a past that looks like a real site's, through the real tables. */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, {
    events: { type: 'string', default: '1_000_000' },
    days: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    until: { type: 'string', default: new Date().toISOString().slice(0, 10) },
  })
  const [events, days, seed] = [countOf(values.events), countOf(values.days), countOf(values.seed)]
  const database = await openBenchDatabase()
  try {
    const past: Past = { site: database.site.id, events, days, seed, until: dayOf(values.until) }
    const seconds = await fill(database, past)
    console.log(`${whole(events)} events of ${days} days before ${values.until}, seed ${seed}, in ${whole(seconds)} s`)
    return 0
  } finally {
    await database.stop()
  }
}

const dayOf = (text: string): Date => {
  const day = new Date(text)
  if (Number.isNaN(day.getTime())) throw new Refusal(`"${text}" is no day: give one like 2026-11-01.`)
  return day
}

/** Fills the database and gives how many seconds that took. */
async function fill({ client, site }: BenchDatabase, past: Past): Promise<number> {
  const { rowCount } = await client.query('select from events where site = $1 limit 1', [site.id])
  if (rowCount)
    throw new Refusal('The database holds events already: remove .balise/bench, or give an empty DATABASE_URL.')
  const began_ms = performance.now()
  const first = new Date(past.until.getTime() - (past.days + 4) * 86_400_000)
  await client.query('select prepare_partitions($1::date, $2::date)', [first, past.until])
  const { dictionary, dimensions } = await dictionaryOf(site.id)
  await storeDimensions(client, dimensions)

  const names = columns.map((name) => `"${name}"`).join(', ')
  for (const copied of copiesOf(linesOfPast(past, dictionary), past.events)) {
    const copying = client.query(copyFrom(`copy events (${names}) from stdin`))
    await pipeline(Readable.from(copied), copying)
  }
  process.stderr.write('\r\x1b[Kvacuum and analyze …')
  await client.query('vacuum analyze')
  process.stderr.write('\r\x1b[K')
  return (performance.now() - began_ms) / 1000
}

/** Through the door that ingest uses, in a batch without events. */
const storeDimensions = (client: pg.Client, dimensions: Dimensions): Promise<unknown> =>
  client.query('select from store_events($1)', [JSON.stringify({ events: {}, ...dimensions, refused: [] })])

const chunk_chars_max = 256 * 1024
const copied_events_max = 50_000

/** Lines in chunks that are worth a write each, by the transaction that they are stored in: a past came bit by bit. */
function* copiesOf(lines: Iterable<string>, total: number): Generator<string[]> {
  let copied: string[] = []
  let chunk = ''
  let count = 0
  for (const line of lines) {
    chunk += line
    count += 1
    if (chunk.length >= chunk_chars_max) {
      copied.push(chunk)
      chunk = ''
    }
    if (count % copied_events_max > 0) continue
    yield [...copied, chunk]
    copied = []
    chunk = ''
    process.stderr.write(`\r\x1b[K${whole((100 * count) / total)} %`)
  }
  yield [...copied, chunk]
}
