import type pg from 'pg'
import { Refusal } from '../dev/refusal.ts'
import { openBenchDatabase } from './database.ts'
import { storedEvents } from './stored.ts'
import { decimal, table, whole } from './table.ts'

const events_max = 5_000

/**
 * `pnpm bench:pack`: packs what a site would have packed by the last day of `bench:generate`, in the steps of the collector, and
 * tells what that took and what an event takes on the disk before and after. Nobody else stores meanwhile.
 */
export async function main(): Promise<number> {
  const { client, stop } = await openBenchDatabase()
  try {
    const { rows } = await client.query<{ last: Date | null }>('select max(at) as last from events')
    const last = rows[0]?.last
    if (!last) throw new Refusal('There are no events: run bench:generate first.')
    const { rows: waiting } = await client.query(
      'select from events where stored_by >= (select upto from folds) limit 1',
    )
    if (waiting.length > 0) throw new Refusal('Only what is folded is packed: run bench:query or bench:fold first.')
    await client.query('vacuum')
    const [before, of_before] = [await bytesOf(client), await packedOf(client)]
    const took_ms: number[] = []
    while (await stepMs(client, 'pack_step', last, took_ms));
    const packed = (await packedOf(client)) - of_before
    if (packed === 0) throw new Refusal('All that can be packed is packed already.')
    while (await stepMs(client, 'retain_step', last));
    // A site that had packed day after day would have no room left over where its visits lay.
    await client.query('vacuum full visits_loose')
    await client.query('vacuum analyze')
    const after = await bytesOf(client)

    const events = await storedEvents(client)
    const seconds = took_ms.reduce((sum, ms) => sum + ms, 0) / 1000
    console.log(
      table([
        ['', 'events', 'seconds', 'µs per event', 'longest step ms', 'bytes per event before', 'after'],
        [
          'packed',
          whole(packed),
          decimal(seconds),
          decimal((seconds * 1e6) / packed),
          whole(Math.max(...took_ms)),
          decimal(before / events),
          decimal(after / events),
        ],
      ]),
    )
    return 0
  } finally {
    await stop()
  }
}

/** Takes a step and notes how long it took; false where nothing is left to do. */
const stepMs = async (
  client: pg.Client,
  step: 'pack_step' | 'retain_step',
  as_of: Date,
  took_ms: number[] = [],
): Promise<boolean> => {
  const began_ms = performance.now()
  const done = await numberOf(client, `select ${step}($1, ${events_max}) as n`, [as_of])
  took_ms.push(performance.now() - began_ms)
  return done > 0
}

const packedOf = (client: pg.Client) =>
  numberOf(client, 'select coalesce(sum(cardinality(deeds)), 0) as n from visits where is_packed')

/** All that there is for a site's events: themselves, dimensions, visits and rollups. */
const bytesOf = (client: pg.Client) =>
  numberOf(
    client,
    `select sum(pg_total_relation_size(coalesce(relid, name::regclass))) as n
    from unnest(array['events', 'visits', 'pages', 'origins', 'actions', 'clients', 'places', 'rollups', 'deeds']) as name
    left join lateral pg_partition_tree(name::regclass) on true`,
  )

const numberOf = async (client: pg.Client, statement: string, values: unknown[] = []): Promise<number> =>
  Number((await client.query<{ n: string }>(statement, values)).rows[0]?.n)
