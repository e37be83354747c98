import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { root } from '../dev/command.ts'
import { createParts } from '../dev/parts.ts'
import { startPostgres } from '../dev/postgres.ts'
import { build } from '../packages/sdk/build.ts'
import { startNode } from '../test/setup/platforms.ts'
import { countOf } from './count-of.ts'
import { type Fault, faults } from './delivery/faults.ts'
import { type Result, runTrial, type Setting } from './delivery/trial.ts'
import { makeBase } from './ingest/base.ts'

const levels = ['analytics', 'anonymous'] as const
type Level = (typeof levels)[number]
type Cell = { fault: Fault; level: Level; results: Result[] }

/** `pnpm bench:delivery`: how many events of each fault are stored once, in a real browser, on a real collector. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      trials: { type: 'string', default: '2' },
      at_once: { type: 'string', default: '2' },
      fault: { type: 'string', default: '' },
    },
  })
  const trials = countOf(values.trials)
  const cells = faults
    .filter(({ name }) => name.includes(values.fault))
    .flatMap((fault) => levels.map((level): Cell => ({ fault, level, results: [] })))
  const stage = await openStage()
  try {
    const waiting = Array.from({ length: trials }, () => cells).flat()
    const work = async (): Promise<void> => {
      for (let cell = waiting.shift(); cell; cell = waiting.shift())
        cell.results.push(await runTrial(cell.fault, cell.level, stage.setting))
    }
    await Promise.all(Array.from({ length: countOf(values.at_once) }, work))
    const doubled = doubledIn(cells)
    console.log(`${cells.length * trials} trials, ${trials} of each fault and level\n`)
    console.log(matrix(cells))
    console.log(`\n${summary(cells, doubled)}`)
    return doubled === 0 ? 0 : 1
  } finally {
    await stage.stop()
  }
}

type Stage = { setting: Setting; stop: () => Promise<void> }

async function openStage(): Promise<Stage> {
  mkdirSync(join(root, '.balise'), { recursive: true })
  const dir = mkdtempSync(join(root, '.balise', 'bench-'))
  const parts = createParts()
  await parts.add('folder', { stop: () => rmSync(dir, { recursive: true, force: true }) })
  const server = await parts.add('Postgres', startPostgres({ dir: join(dir, 'postgres') }))
  const base = await makeBase(server.url, 'delivery')
  await base.eye.end()
  const eyes = new pg.Pool({ connectionString: base.url })
  await parts.add('eyes', { stop: () => eyes.end() })
  const collector = await parts.add('collector', startNode({ database_url: base.url }))
  await build(join(dir, 'sdk'))
  const script = readFileSync(join(dir, 'sdk', 'balise.js'))

  const names = async (beginning: string): Promise<string[]> => {
    const { rows } = await eyes.query<{ name: string }>(
      `select name from events join actions on actions.site = events.site and actions.id = events.action
       where starts_with(name, $1)`,
      [beginning],
    )
    return rows.map(({ name }) => name)
  }
  return { setting: { collector_url: collector.url, script, site: base.site.key, names }, stop: parts.stop }
}

/** Events that are stored more than once. */
const doubledIn = (cells: Cell[]): number =>
  cells.flatMap(({ results }) => results).reduce((sum, { stored, returned }) => sum + stored - returned, 0)

/** The table: a row for each fault, a column for each level without and with a return visit. */
function matrix(cells: Cell[]): string {
  const rows = Map.groupBy(cells, ({ fault }) => fault)
  const lines = [...rows].map(([{ name, peers }, of]) => [
    `${name}${peers ? ' *' : ''}`,
    ...of.flatMap(({ results }) => [share(results, 'delivered'), share(results, 'returned')]),
  ])
  const head = ['fault', ...levels.flatMap((level) => [level, 'after a return visit'])]
  return [head, head.map((_, nth) => (nth ? '--:' : '---')), ...lines].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function summary(cells: Cell[], doubled: number): string {
  const mean = (level: Level) => {
    const shares = cells
      .filter(({ fault, level: at }) => fault.peers && at === level)
      .map(({ results }) => part(results, 'returned'))
    return `${((100 * shares.reduce((sum, of) => sum + of, 0)) / shares.length).toFixed(1)} %`
  }
  const early = cells.flatMap(({ results }) => results).reduce((sum, result) => sum + result.early, 0)
  return [
    '| what | measured | must | moonshot |',
    '| --- | --: | --: | --: |',
    `| mean of the faults marked *, storage allowed, after a return visit | ${mean('analytics')} | 99.5 % | 99.9 % |`,
    `| the same, no storage allowed | ${mean('anonymous')} | 80 % | 90 % |`,
    `| stored twice | ${doubled} | 0 | 0 |`,
    `| requests inside a Retry-After | ${early} | 0 | 0 |`,
  ].join('\n')
}

const part = (results: Result[], of: 'delivered' | 'returned'): number =>
  results.reduce((sum, result) => sum + result[of], 0) / results.reduce((sum, { told }) => sum + told, 0)

const share = (results: Result[], of: 'delivered' | 'returned'): string => `${(100 * part(results, of)).toFixed(1)} %`
