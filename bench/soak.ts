import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../dev/refusal.ts'
import { countOf } from './count-of.ts'
import { optionsIn } from './options.ts'
import { disagreements } from './soak/agreement.ts'
import { createObserver, type Sample } from './soak/observer.ts'
import { openSoakStage, type SoakStage } from './soak/stage.ts'
import { createTraffic, type Traffic } from './soak/traffic.ts'
import { decimal, median, table, whole } from './table.ts'

const folded_within_ms = 120_000

/** The first browsers are all new. By then nineteen of twenty have been there for as long as any will be: see `createTraffic`. */
const settled_minutes = '8'

/** What is shown of each sample; `grows: true` for what may only grow with the data, not by itself. */
const columns: { name: string; of: (sample: Sample) => number; digits: 0 | 1; levels: boolean }[] = [
  { name: 'events', of: ({ events }) => events, digits: 0, levels: false },
  { name: 'collector MB', of: ({ collector_mb }) => collector_mb, digits: 0, levels: true },
  { name: 'Postgres MB', of: ({ postgres_mb }) => postgres_mb, digits: 0, levels: true },
  { name: 'ingest p50 ms', of: ({ ingest_p50_ms }) => ingest_p50_ms, digits: 1, levels: true },
  { name: 'p99 ms', of: ({ ingest_p99_ms }) => ingest_p99_ms, digits: 1, levels: true },
  { name: 'question p50 ms', of: ({ question_p50_ms }) => question_p50_ms, digits: 1, levels: true },
  { name: 'p99 ms', of: ({ question_p99_ms }) => question_p99_ms, digits: 1, levels: true },
  { name: 'bytes/event', of: ({ bytes_per_event }) => bytes_per_event, digits: 0, levels: true },
  { name: 'dead tuples %', of: ({ dead_percent }) => dead_percent, digits: 1, levels: true },
  { name: 'rollups MB', of: ({ rollups_mb }) => rollups_mb, digits: 1, levels: false },
  { name: 'index fill %', of: ({ index_fill_percent }) => index_fill_percent, digits: 0, levels: false },
  { name: 'not folded', of: ({ unfolded }) => unfolded, digits: 0, levels: true },
]

/** `pnpm bench:soak`: a steady load for minutes on end, and whether anything grows that should not. */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '400' },
    every: { type: 'string', default: '30' },
    settle: { type: 'string', default: settled_minutes },
    past: { type: 'string', default: '100_000' },
  })
  const [minutes, events_per_second, every_seconds] = [values.minutes, values.rate, values.every].map(countOf)
  if (!minutes || !events_per_second || !every_seconds) throw new Refusal('minutes, rate and every are counts.')
  const settle_minutes = Number(values.settle)
  if (!(settle_minutes >= 0)) throw new Refusal('settle is a number of minutes.')
  const stage = await openSoakStage()
  try {
    const traffic = createTraffic(stage, { events_per_second, past_events: countOf(values.past) })
    await Promise.race([traffic.past, traffic.failure])
    const samples = await observed(stage, traffic, { minutes: settle_minutes + minutes, every_seconds })
    await traffic.stop()
    const settled = samples.filter(({ at_seconds }) => at_seconds > settle_minutes * 60 + every_seconds / 2)
    console.log(`\n${table(linesOf(samples))}\n\nSince minute ${minuteOf(settle_minutes * 60)}:\n\n${verdict(settled)}`)
    return await settle(stage, traffic)
  } finally {
    await stage.stop()
  }
}

const head = ['minute', ...columns.map(({ name }) => name)]
const minuteOf = (seconds: number) => decimal(seconds / 60)

const linesOf = (samples: Sample[]): string[][] => [
  head,
  ...samples.map((sample) => [
    minuteOf(sample.at_seconds),
    ...columns.map(({ of, digits }) => (digits === 0 ? whole(of(sample)) : decimal(of(sample)))),
  ]),
]

async function observed(
  stage: SoakStage,
  traffic: Traffic,
  { minutes, every_seconds }: { minutes: number; every_seconds: number },
): Promise<Sample[]> {
  const observe = createObserver(stage, traffic, every_seconds)
  const samples: Sample[] = []
  console.log(head.join(' · '))
  for (let at_seconds = every_seconds; at_seconds <= minutes * 60; at_seconds += every_seconds) {
    const sample = await Promise.race([observe(), traffic.failure])
    samples.push(sample)
    console.log(linesOf([sample])[1]?.join(' · '))
  }
  return samples
}

/** Noise of a shared machine; a leak or a bloat goes past it in minutes. */
const level_within = 1.25

/** Compares the medians of the first and of the last third. */
function verdict(samples: Sample[]): string {
  const third = Math.floor(samples.length / 3)
  if (third === 0) return 'Too short to tell whether anything grows: give it more minutes.'
  const rows = columns.map(({ name, of, levels }, index) => {
    const [first, last] = [samples.slice(0, third), samples.slice(-third)].map((some) => median(some.map(of)))
    if (first === undefined || last === undefined) throw new Error('a third holds samples')
    const told =
      index > 0 && columns[index - 1]?.name.includes('p50') ? `${columns[index - 1]?.name.split(' ')[0]} ${name}` : name
    const flat = last <= first * level_within || last - first < 1
    return [told, decimal(first), decimal(last), levels ? (flat ? 'flat' : 'NOT FLAT') : 'grows with the data']
  })
  return table([['median of', 'first third', 'last third', ''], ...rows])
}

/** Every accepted event is stored once or was erased, and rollups say what raw events say. */
async function settle(stage: SoakStage, traffic: Traffic): Promise<number> {
  const until_ms = performance.now() + folded_within_ms
  for (;;) {
    const wrong = await disagreements(stage, traffic.counts())
    if (wrong.length === 0) break
    if (performance.now() > until_ms) throw new Refusal(wrong.join('\n'))
    await sleep(2_000)
  }
  const { accepted, duplicate, forgotten, erased, erasures, questions, retried } = traffic.counts()
  console.log(
    `\n${whole(accepted)} events were accepted: ${whole(accepted - erased)} are stored, each once, and ${whole(erased)} were ` +
      `erased with ${erasures} people. ${whole(duplicate)} came twice, ${whole(forgotten)} came after their person was ` +
      `forgotten, ${whole(retried)} requests were told to come again. ${whole(questions)} questions were asked. Rollups and ` +
      'raw events agree by path.',
  )
  return 0
}
