import { fold } from '@balise/collector/store/fold'
import { openPostgres } from '@balise/collector/store/postgres'
import { Refusal } from '../dev/refusal.ts'
import { countOf } from './count-of.ts'
import { type BenchDatabase, openBenchDatabase } from './database.ts'
import { optionsIn } from './options.ts'
import { type Asking, openAsking, type Timed } from './query/asking.ts'
import { forgetSince, storeFresh } from './query/fresh.ts'
import { others, type Panel, panels } from './query/questions.ts'
import { visibleAfter } from './query/visible.ts'
import { storedEvents } from './stored.ts'
import { decimal, median, table, whole } from './table.ts'

/** What every round has in common. `mark` is the transaction since which all that is stored will be taken away again. */
type Bench = { now: Date; rounds: number; naive: boolean; mark: string }
type Days = { first: string; last: string }

const day_ms = 86_400_000

/** `pnpm bench:query`: how long answers take through the API, beside the same counts over raw events. */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, {
    rounds: { type: 'string', default: '20' },
    days: { type: 'string', default: '30,90' },
    naive: { type: 'string', default: 'yes' },
    fresh: { type: 'string', default: '20' },
  })
  const fresh = countOf(values.fresh)
  const bench = await prepare({ rounds: countOf(values.rounds), naive: values.naive === 'yes', fresh })
  const rows: string[][] = [['', 'cold ms', 'p50 ms', 'p95 ms', 'naive ms', 'times']]
  try {
    for (const days of values.days.split(',').map(countOf)) rows.push(...(await rowsOf(days, bench)))
    rows.push(...(await visibleRow(bench)))
    console.log(table(rows))
    return 0
  } finally {
    await withBench(({ client, site }) => forgetSince(client, site.id, bench.mark))
  }
}

/** Folds the past, and lets happen what no fold has seen yet. */
const prepare = ({ fresh, ...options }: { rounds: number; naive: boolean; fresh: number }): Promise<Bench> =>
  withBench(async ({ client, url, site }) => {
    const { rows } = await client.query<{ last: Date | null }>('select max(at) as last from events')
    const now = rows[0]?.last
    if (!now) throw new Refusal('There are no events: run bench:generate first.')
    const { rows: packed } = await client.query('select from visits where is_packed limit 1')
    if (packed.length > 0 && options.naive)
      throw new Refusal('Counts by hand want each event in a row, and some are packed: say --naive no.')
    // Of the keys that another run left, nobody has the other half any more.
    await client.query('delete from site_day_shares where site = $1', [site.id])
    const database = openPostgres({ url, connections_max: 1, statement_ms_max: 600_000, onBreak: console.error })
    const began_ms = performance.now()
    let folded = 0
    for (let more = await fold(database, 200_000); more; more = await fold(database, 200_000)) {
      folded += more
      process.stderr.write(`\r\x1b[K${whole(folded)} folded`)
    }
    process.stderr.write('\r\x1b[K')
    const seconds = (performance.now() - began_ms) / 1000
    await database.destroy()
    if (folded > 0) await client.query('vacuum analyze')
    const mark = await storeFresh(client, site.id, { now, count: fresh })
    console.log(
      `${whole(await storedEvents(client))} events; ${whole(folded)} of them folded now, in ${decimal(seconds)} s\n`,
    )
    return { now, mark, ...options }
  })

async function rowsOf(days: number, bench: Bench): Promise<string[][]> {
  const dayOf = (moment: number) => new Date(moment).toISOString().slice(0, 10)
  const range = { first: dayOf(bench.now.getTime() - (days - 1) * day_ms), last: dayOf(bench.now.getTime()) }
  const all = { ...panels, ...others }
  const cold = new Map<string, number>()
  for (const [name, panel] of Object.entries(all))
    cold.set(name, await withAsking(bench, async (asking) => (await askOf(asking, range)(panel)).ms))
  const cold_screen = await withAsking(bench, (asking) => screenOf(askOf(asking, range)))

  return withAsking(bench, async (asking, { client, site }) => {
    const ask = askOf(asking, range)
    const lines: string[][] = []
    for (const [name, panel] of Object.entries(all)) {
      const times: number[] = []
      const { rows } = await ask(panel)
      for (let round = 0; round < bench.rounds; round++) times.push((await ask(panel)).ms)
      const naive_ms = bench.naive ? await checkNaive({ client, site: site.id, range, name, panel, rows }) : undefined
      const [p50, p95] = [median(times), p95Of(times)]
      const times_told = naive_ms === undefined ? '–' : whole(naive_ms / p50)
      const line = [
        `${days} days, ${name}`,
        decimal(cold.get(name)),
        decimal(p50),
        decimal(p95),
        whole(naive_ms),
        times_told,
      ]
      process.stderr.write(`${line.join('  ')}\n`)
      lines.push(line)
    }
    // One after the other they shared a connection: only at once each has one of its own, which plans at first.
    await screenOf(ask)
    const screens: number[] = []
    for (let round = 0; round < bench.rounds; round++) screens.push(await screenOf(ask))
    lines.push([
      `${days} days, all seven at once`,
      decimal(cold_screen),
      decimal(median(screens)),
      decimal(p95Of(screens)),
      '–',
      '–',
    ])
    return lines
  })
}

const screenOf = async (ask: (panel: Panel) => Promise<Timed>): Promise<number> => {
  const began_ms = performance.now()
  await Promise.all(Object.values(panels).map(ask))
  return performance.now() - began_ms
}

const visibleRow = (bench: Bench): Promise<string[][]> =>
  withAsking(bench, async (asking) => {
    const times = await visibleAfter(asking, bench)
    return [['acceptance to visible in an answer', '–', decimal(median(times)), decimal(p95Of(times)), '–', '–']]
  })

const askOf =
  (asking: Asking, { first, last }: Days) =>
  ({ asked }: Panel) =>
    asking.ask({ date_range: [first, last], ...asked })

/** Counts the same from raw events. Gives how long that took, and throws where it is not the same. */
async function checkNaive(check: {
  client: BenchDatabase['client']
  site: number
  range: Days
  name: string
  panel: Panel
  rows: Timed['rows']
}): Promise<number> {
  const { client, site, range, name, panel, rows } = check
  const to = new Date(Date.parse(range.last) + day_ms).toISOString()
  const began_ms = performance.now()
  const raw = await client.query({ text: panel.naive, values: [site, range.first, to], rowMode: 'array' })
  const ms = performance.now() - began_ms
  const [ours, theirs] = [rows, raw.rows].map((some) => JSON.stringify(some.map((row: unknown[]) => row.map(numeric))))
  if (ours !== theirs) throw new Error(`${name}: the answer is not what raw events say: ${ours} ${theirs}`)
  return ms
}

/** Postgres tells counts as text. */
const numeric = (value: unknown): unknown =>
  typeof value === 'string' && /^[\d.]+$/.test(value) ? Number(value) : value

const p95Of = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? 0

/** Starts the database anew, unless it is somebody else's: nothing is in its memory, whatever is in the machine's. */
async function withBench<Given>(use: (opened: BenchDatabase) => Promise<Given>): Promise<Given> {
  const opened = await openBenchDatabase()
  try {
    return await use(opened)
  } finally {
    await opened.stop()
  }
}

const withAsking = <Given>(
  bench: Bench,
  use: (asking: Asking, opened: BenchDatabase) => Promise<Given>,
): Promise<Given> =>
  withBench(async (opened) => {
    const asking = await openAsking(opened.url, () => bench.now)
    try {
      return await use(asking, opened)
    } finally {
      await asking.close()
    }
  })
