import { randomUUID } from 'node:crypto'
import { createHistogram } from 'node:perf_hooks'
import pg from 'pg'
import { createRandom, type Random } from '../world/random.ts'
import { freshId } from './parcel.ts'

/** What to insert into the table `ceiling`, over how many connections, for how long. */
export type Insert = {
  database_url: string
  site: number
  events_per_insert: number
  connections: number
  seconds: number
}

/** What went in; `cpu_us` is the inserting process's own. */
export type InsertResult = { events: number; seconds: number; cpu_us: number; p50_ms: number; p99_ms: number }

const statement = `
insert into ceiling (site, id, at, visitor, page, client, kind, known, skewed, duration_ms, props)
select site, id, at, visitor, page, client, kind, known, false, duration_ms, props
from json_to_recordset($1::json) as e
  (site integer, id uuid, at timestamptz, visitor uuid, page bigint, client bigint, kind event_kind, known boolean,
   duration_ms integer, props jsonb)
order by site, id
on conflict do nothing`

/** The ceiling of the store: ready-made rows, one multi-row insert after the other, nothing else. */
export const insert = async (wanted: Insert): Promise<InsertResult> => {
  const { database_url, site, events_per_insert, connections, seconds } = wanted
  const random = createRandom(7)
  const rows = Array.from({ length: 4_000 }, () => rowOf(random, site))
  const latency = createHistogram()
  let events = 0

  const turn = async (client: pg.Client, until_ms: number) => {
    while (performance.now() < until_ms) {
      const began_ms = performance.now()
      const at_ms = Date.now()
      const at = new Date(at_ms).toISOString()
      const batch = Array.from({ length: events_per_insert }, () => {
        const row = rows[events++ % rows.length]
        return `{"id":"${freshId(at_ms)}","at":"${at}",${row}`
      })
      const { rowCount } = await client.query({ name: 'insert', text: statement, values: [`[${batch.join(',')}]`] })
      if (rowCount !== events_per_insert) throw new Error(`${rowCount} of ${events_per_insert} rows were inserted`)
      latency.record(Math.max(1, Math.round((performance.now() - began_ms) * 1000)))
    }
  }

  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: database_url }))
  await Promise.all(clients.map((client) => client.connect()))
  const cpu = process.cpuUsage()
  const began_ms = performance.now()
  await Promise.all(clients.map((client) => turn(client, began_ms + seconds * 1000)))
  const took_ms = performance.now() - began_ms
  const { user, system } = process.cpuUsage(cpu)
  await Promise.all(clients.map((client) => client.end()))
  return {
    events,
    seconds: took_ms / 1000,
    cpu_us: user + system,
    p50_ms: latency.percentile(50) / 1000,
    p99_ms: latency.percentile(99) / 1000,
  }
}

/** A row as JSON, but for its head: the opening brace, the id and the time. */
const rowOf = (random: Random, site: number): string => {
  const id = () => String(BigInt(Math.floor(random() * 2_000)) * 4_611_686_018_427_389n)
  const row = { site, visitor: randomUUID(), page: id(), client: id(), kind: 'page_view', known: random() < 0.3 }
  return JSON.stringify(random() < 0.15 ? { ...row, duration_ms: 41, props: { plan: 'pro' } } : row).slice(1)
}

if (import.meta.main) console.log(JSON.stringify(await insert(JSON.parse(process.argv[2] ?? '{}') as Insert)))
