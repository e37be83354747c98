import { Refusal } from '../dev/refusal.ts'
import { countOf } from './count-of.ts'
import { openBenchDatabase } from './database.ts'
import { backlog, type Folded, replay, takeBack } from './fold/replay.ts'
import { optionsIn } from './options.ts'
import { decimal, median, table, whole } from './table.ts'

/** `pnpm bench:fold`: how fast events are folded into the rollups, beside the bare insert of the same events. */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, {
    events: { type: 'string', default: '50_000' },
    every: { type: 'string', default: '10_000' },
  })
  const database = await openBenchDatabase()
  const { client } = database
  try {
    const { rows } = await client.query<{ count: number }>('select count(*)::integer as count from events')
    if (!rows[0]?.count) throw new Refusal('There are no events: run bench:generate first.')
    const waited = await backlog(client)
    const events = countOf(values.events)
    const inDrops = await replay(client, { events, every: countOf(values.every), per_insert: 1_000 })
    await takeBack(client)
    const atOnce = await replay(client, { events, every: events, per_insert: events })
    await takeBack(client)

    console.log(`${whole(rows[0].count)} events of the past\n`)
    const head = ['', 'events/s', 'of the bare insert', 'CPU µs per event', 'steps', 'p50 ms', 'longest ms']
    const lines = [
      lineOf(`returning visitors, folded every ${whole(countOf(values.every))} events`, inDrops),
      lineOf(`${whole(events)} stored by one transaction`, atOnce),
    ]
    console.log(
      table([head, ...(waited ? [lineOf('the past itself, stored by one transaction', waited)] : []), ...lines]),
    )
    return 0
  } finally {
    await database.stop()
  }
}

const lineOf = (name: string, { events, steps_ms, cpu_us, insert_seconds }: Folded): string[] => {
  const seconds = steps_ms.reduce((sum, ms) => sum + ms, 0) / 1000
  return [
    name,
    whole(events / seconds),
    insert_seconds === undefined ? '–' : (insert_seconds / seconds).toFixed(2),
    decimal(cpu_us / events),
    whole(steps_ms.length),
    whole(median(steps_ms)),
    whole(Math.max(...steps_ms)),
  ]
}
