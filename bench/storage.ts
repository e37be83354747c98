import type pg from 'pg'
import { Refusal } from '../dev/refusal.ts'
import { openBenchDatabase } from './database.ts'
import { storedEvents } from './stored.ts'
import { decimal, percent, table, whole } from './table.ts'

type Part = { name: string; bytes: number }

/** The most events that the packed copy is made of. */
const sample_events_max = 1_000_000

/** `pnpm bench:storage`: what an event costs on the disk, by relation and index, beside the same rows packed as tightly as Postgres can. */
export async function main(): Promise<number> {
  const { client, stop } = await openBenchDatabase()
  try {
    const events = await storedEvents(client)
    if (events === 0) throw new Refusal('There are no events: run bench:generate first.')
    const parts = [...(await partsOfEvents(client)), ...(await beside(client))]
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0)
    const packed = await packedBytes(client)
    const line = (name: string, bytes: number) => [
      name,
      whole(bytes / 1e6),
      decimal(bytes / events),
      percent(bytes, total),
    ]
    const rows = parts.map(({ name, bytes }) => line(name, bytes))
    console.log(`${whole(events)} events\n`)
    console.log(table([['', 'MB', 'bytes per event', 'share'], ...rows, line('everything', total)]))
    console.log(`\npacked copy of the events and their two main indexes: ${decimal(packed)} bytes per event`)
    console.log(`ours: ${(total / events / packed).toFixed(2)} times that`)
    return 0
  } finally {
    await stop()
  }
}

const count = async (client: pg.Client, statement: string): Promise<number> =>
  Number((await client.query<{ count: string }>(statement)).rows[0]?.count)

/** Rows, overflow and each index of `events`, added up over its partitions. */
async function partsOfEvents(client: pg.Client): Promise<Part[]> {
  const { rows } = await client.query<{ name: string; bytes: string }>(`
    with partitions as (select relid from pg_partition_tree('events') where isleaf)
    select 'events: rows' as name, sum(pg_table_size(relid)) as bytes from partitions
    union all
    select 'events: index ' || pg_get_indexdef(parent.inhparent, 0, true), sum(pg_relation_size(i.indexrelid))
    from partitions join pg_index as i on i.indrelid = relid join pg_inherits as parent on parent.inhrelid = i.indexrelid
    group by 1
    order by 2 desc`)
  return rows.map(({ name, bytes }) => ({ name: name.replace(/CREATE.* USING (btree )?/, ''), bytes: Number(bytes) }))
}

/** What stands beside the events: dimensions, rollups, and visits with what was done in them. */
async function beside(client: pg.Client): Promise<Part[]> {
  const names = [
    'pages',
    'origins',
    'actions',
    'clients',
    'places',
    'rollups',
    'visits_loose',
    'visits_packed',
    'deeds',
  ]
  const { rows } = await client.query<Part>(
    `select name, sum(pg_total_relation_size(coalesce(relid, name::regclass)))::float8 as bytes
    from unnest($1::text[]) with ordinality as named (name, nth)
    left join lateral pg_partition_tree(name::regclass) on true
    group by name, nth order by nth`,
    [names],
  )
  return rows
}

/** Bytes per event of a copy that nothing was ever updated in, its indexes built afterwards, dropped again. */
async function packedBytes(client: pg.Client): Promise<number> {
  await client.query('begin')
  await client.query('create temp table packed (like events) on commit drop')
  await client.query(`insert into packed select * from events limit ${sample_events_max}`)
  await client.query('create unique index on packed (site, id) with (fillfactor = 100)')
  await client.query('create index on packed (site, visitor) with (fillfactor = 100)')
  const bytes = await count(client, `select pg_total_relation_size('packed') as count`)
  const events = await count(client, 'select count(*) as count from packed')
  await client.query('rollback')
  return bytes / events
}
