import { cpus } from 'node:os'
import { countOf } from './count-of.ts'
import { type Figures, measureCollector, measureHello, measureInsert, type Round } from './ingest/round.ts'
import { openStage, type Runtime, type Stage } from './ingest/stage.ts'
import { mustBeOf, optionsIn } from './options.ts'
import { decimal, median, percent, table, whole } from './table.ts'
import { usageOf } from './usage.ts'

const batches = [1, 50]
const platforms = ['Node', 'workerd']
const offered_per_second = 1_000

/** As many of them are asked of a machine whose bare Node answers this many requests a second (one core of the budgets'). */
const hello_per_second = 37_900

/** As long as the load generator takes to get going: a second, two on a busy machine. */
const untimed_seconds = 2

/** As long as V8 takes to compile a server that does 1,000 events a second: for a day's worth of them it is long past. */
const warm_up_seconds = 20

type Subject = { name: string; measure: () => Promise<Figures>; shown: Figures[] }
/** What is shown together: ours first, and its ceilings. */
type Group = { ours: Subject; hello: Subject; insert: Subject }

/** `pnpm bench:ingest`: how many events a second the collector takes, and what each costs, beside two ceilings. */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    platform: { type: 'string', multiple: true, default: platforms },
  })
  mustBeOf(platforms, { option: 'platform', given: values.platform })
  const [rounds, seconds, connections] = [countOf(values.rounds), countOf(values.seconds), countOf(values.connections)]
  const round = { seconds, connections }
  const stage = await openStage()
  try {
    const runtimes = stage.runtimes.filter(({ name }) => values.platform.includes(name))
    const idle = runtimes.map((runtime) => memoryOf(runtime))
    const steady = await offered(stage, runtimes, seconds)
    const groups = batches.flatMap((batch) => groupsOf(stage, runtimes, { ...round, batch }))
    await interleaved(groups, rounds)
    console.log(`${machine()}; ${rounds} rounds of ${seconds} s, ${connections} connections; medians\n`)
    console.log(throughput(groups))
    console.log(`\n${steady}`)
    console.log(`\n${memory(runtimes, idle, groups)}`)
    return 0
  } finally {
    await stage.stop()
  }
}

function groupsOf(stage: Stage, runtimes: Runtime[], round: Round): Group[] {
  const insert = subject('  bare insert', () => measureInsert(stage, round))
  return runtimes.map((runtime) => ({
    ours: subject(`${runtime.name}, batches of ${round.batch}`, () => measureCollector(stage, runtime, round)),
    hello: subject('  hello-world', () => measureHello(runtime, round)),
    insert,
  }))
}

const subject = (name: string, measure: () => Promise<Figures>): Subject => ({ name, measure, shown: [] })

/**
 * One round of each after the other, then again: what disturbs the machine for a while disturbs all alike. The first is
 * not counted: it warms up.
 */
async function interleaved(groups: Group[], rounds: number): Promise<void> {
  const subjects = new Set(groups.flatMap((group) => Object.values(group)))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, measure, shown } of subjects) {
      process.stderr.write(`\r\x1b[Kround ${round} of ${rounds}: ${name.trim()}`)
      const figures = await measure()
      if (round > 0) shown.push(figures)
    }
  }
  process.stderr.write('\r\x1b[K')
}

function throughput(groups: Group[]): string {
  const head = [
    '',
    'events/s',
    'stored/s',
    'per server core',
    'of hello',
    'of insert',
    'server µs',
    'gateway µs',
    'Postgres µs',
  ]
  const rows = groups.flatMap(({ ours, hello, insert }) => {
    const [own, greeting, bare] = [ours, hello, insert].map(({ shown }) => middle(shown))
    return [
      line(ours.name, own, [
        percent(own?.events_per_second, greeting?.events_per_second),
        percent(own?.stored_per_second, bare?.events_per_second),
      ]),
      line(hello.name, greeting, ['', '']),
      line(insert.name, bare, ['', '']),
    ]
  })
  return table([[...head, 'generator µs', 'p50 ms', 'p99 ms'], ...rows])
}

function line(name: string, figures: Partial<Figures> = {}, ratios: string[]): string[] {
  const { events_per_second, stored_per_second, server_us, gateway_us, postgres_us, generator_us, p50_ms, p99_ms } =
    figures
  return [
    name,
    whole(events_per_second),
    whole(stored_per_second),
    whole(server_us && 1_000_000 / server_us),
    ...ratios,
    ...[server_us, gateway_us, postgres_us, generator_us, p50_ms, p99_ms].map(decimal),
  ]
}

/** Sends events when they are due: as many as the budgets ask for, and as many as that is on this machine. */
async function offered(stage: Stage, runtimes: Runtime[], seconds: number): Promise<string> {
  const round = { batch: 1, connections: 200 }
  const [node] = stage.runtimes
  const { server_us = 0 } = await measureHello(node, { ...round, seconds })
  const hello = 1_000_000 / server_us
  const rates = [offered_per_second, Math.round((offered_per_second / hello_per_second) * hello)]
  const rows = []
  for (const runtime of runtimes) {
    const warming = { ...round, requests_per_second: offered_per_second, seconds: warm_up_seconds }
    await measureCollector(stage, runtime, warming)
    for (const requests_per_second of rates) {
      const timed = { ...round, requests_per_second, seconds: untimed_seconds + 4 * seconds, untimed_seconds }
      const { p50_ms, p99_ms } = await measureCollector(stage, runtime, timed)
      const rate = [whole(requests_per_second), percent(requests_per_second, hello)]
      rows.push([runtime.name, ...rate, ...[p50_ms, p99_ms].map(decimal)])
    }
  }
  return table([['single events offered', 'events/s', 'of a core of bare Node', 'p50 ms', 'p99 ms'], ...rows])
}

const memoryOf = ({ server }: Runtime): number => usageOf(server.pid, server).resident_bytes

function memory(runtimes: Runtime[], idle: number[], groups: Group[]): string {
  const most = ({ name }: Runtime) =>
    Math.max(
      ...groups
        .filter(({ ours }) => ours.name.startsWith(name))
        .flatMap(({ ours }) => ours.shown.map(({ resident_bytes = 0 }) => resident_bytes)),
    )
  const megabytes = (bytes: number | undefined) => whole((bytes ?? 0) / 1e6)
  const rows = runtimes.map((runtime, index) => [runtime.name, megabytes(idle[index]), megabytes(most(runtime))])
  return table([['resident memory of the server, MB', 'idle', 'under load'], ...rows])
}

/** The median of each figure by itself. */
function middle(shown: Figures[]): Partial<Figures> {
  const names = Object.keys(shown[0] ?? {}) as (keyof Figures)[]
  return Object.fromEntries(names.map((name) => [name, median(shown.map((figures) => figures[name] ?? 0))]))
}

const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${process.platform}, Node ${process.versions.node}`
