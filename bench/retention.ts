import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Refusal } from '../dev/refusal.ts'
import { openBenchDatabase } from './database.ts'
import { storedEvents } from './stored.ts'
import { decimal, table, whole } from './table.ts'

/** What letting events go took, and what it gave back to the disk. */
type Gone = { events: number; steps_ms: number[]; bytes: number; held_up_ms?: number }

const rows_max = 20_000

/**
 * `pnpm bench:retention`: how long it takes to let the oldest whole month of `bench:generate` go, its sums staying, and what
 * that gives back to the disk, beside a day of the last whole month that is deleted from a table of its own. The month is gone then.
 */
export async function main(): Promise<number> {
  const { url, client, site, stop } = await openBenchDatabase()
  try {
    const months = await monthsOf(client)
    if (months.length < 3) throw new Refusal('There are events of less than three months: run bench:generate first.')
    await client.query('vacuum')
    const day = await deleteDay(client, months.at(-2) ?? '') // of a month that is not packed yet
    const reader = await openReader(url)
    const month = await retain(client, { site: site.id, months: months.length - 2 })
    month.held_up_ms = await reader.close()
    console.log(
      table([
        ['', 'events', 'seconds', 'µs per event', 'longest step ms', 'a reader waited ms', 'bytes returned per event'],
        lineOf('the oldest month, by its partition', month),
        lineOf('one day, by delete and vacuum', day),
      ]),
    )
    return 0
  } finally {
    await stop()
  }
}

const lineOf = (name: string, { events, steps_ms, bytes, held_up_ms }: Gone): string[] => {
  const ms = steps_ms.reduce((sum, step) => sum + step, 0)
  return [
    name,
    whole(events),
    decimal(ms / 1000),
    decimal((ms * 1000) / events),
    whole(Math.max(...steps_ms)),
    whole(held_up_ms),
    decimal(bytes / events),
  ]
}

const numberOf = async (client: pg.Client, statement: string, values: unknown[] = []): Promise<number> =>
  Number((await client.query<{ n: string }>(statement, values)).rows[0]?.n)

/** Reads one event after the other; tells at the end how long the slowest took. */
const openReader = async (url: string) => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  let longest_ms = 0
  let isOpen = true
  const reading = (async () => {
    for (; isOpen; await sleep(5)) {
      const began_ms = performance.now()
      await client.query('select from events limit 1')
      longest_ms = Math.max(longest_ms, performance.now() - began_ms)
    }
  })()
  const close = async (): Promise<number> => {
    isOpen = false
    await reading
    await client.end()
    return longest_ms
  }
  return { close }
}

/** The months that events lie in, oldest first, as their first days. */
const monthsOf = async (client: pg.Client): Promise<string[]> => {
  const { rows } = await client.query<{ month: string }>(
    `select distinct date_trunc('month', day)::date::text as month from rollups
    where dimension = 'total' and events > 0 and day >= coalesce((select max(raw_from) from sites), '-infinity') order by 1`,
  )
  return rows.map(({ month }) => month)
}

/** A table like `events` with the month's tenth day and the next, of which the first is deleted. */
const deleteDay = async (client: pg.Client, month: string): Promise<Gone> => {
  const days = [9, 10, 11].map((n) => new Date(Date.parse(month) + n * 86_400_000))
  await client.query('create table one_day (like events including all)')
  await client.query('insert into one_day select * from events where at >= $1 and at < $2', [days[0], days[2]])
  const before = await numberOf(client, `select pg_total_relation_size('one_day') as n`)
  const began_ms = performance.now()
  const { rowCount } = await client.query('delete from one_day where at < $1', [days[1]])
  const deleted_ms = performance.now()
  await client.query('vacuum one_day')
  const steps_ms = [deleted_ms - began_ms, performance.now() - deleted_ms]
  const bytes = before - (await numberOf(client, `select pg_total_relation_size('one_day') as n`))
  await client.query('drop table one_day')
  return { events: rowCount ?? 0, steps_ms, bytes }
}

/** Keeps so many whole months of raw events before the last one, as the clock would do it: step by step until nothing is left to do. */
const retain = async (client: pg.Client, { site, months }: { site: number; months: number }): Promise<Gone> => {
  const sizes = async () => ({
    events: await storedEvents(client),
    bytes: await numberOf(client, 'select pg_database_size(current_database()) as n'),
  })
  const { rows } = await client.query<{ now: Date }>('select max(at) as now from events')
  const before = await sizes()
  await client.query('select set_retention($1, $2, true)', [site, months])
  const steps_ms: number[] = []
  for (let gone = 1; gone; ) {
    const began_ms = performance.now()
    gone = await numberOf(client, 'select retain_step($1, $2) as n', [rows[0]?.now, rows_max])
    steps_ms.push(performance.now() - began_ms)
  }
  const after = await sizes()
  return { events: before.events - after.events, steps_ms, bytes: before.bytes - after.bytes }
}
