import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../dev/command.ts'
import { createParts } from '../dev/parts.ts'
import { startPostgres } from '../dev/postgres/postgres.ts'
import { Refusal } from '../dev/refusal.ts'
import { countOf } from './count-of.ts'
import { faults } from './delivery/faults.ts'
import { meet } from './delivery/person.ts'
import { type Cell, doubledIn, type Level, levels, reportOf } from './delivery/report.ts'
import { openStage, type Setting } from './delivery/stage.ts'
import { type Result, runTrial } from './delivery/trial.ts'
import { makeBase } from './ingest/base.ts'
import { optionsIn } from './options.ts'

/** Trials that may fail to be what they say, one after another, before whoever tries gives up. */
const mishaps_max = 5

/**
 * `pnpm bench:delivery`: how many events of each fault are stored once, in a real browser, on a real collector. Interrupted,
 * it ends the trials under way and prints what it has; with `--results FILE` it goes on next time from what that file holds.
 */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, {
    trials: { type: 'string', default: '2' },
    at_once: { type: 'string', default: '2' },
    fault: { type: 'string', default: '' },
    peers: { type: 'boolean', default: false },
    results: { type: 'string' },
  })
  const offered = faults.filter(({ peers }) => peers || !values.peers)
  const wanted = offered.filter(({ name }) => name.includes(values.fault))
  if (wanted.length === 0)
    throw new Refusal(`--fault "${values.fault}" is part of none of: ${offered.map(({ name }) => name).join('; ')}.`)
  const cells = wanted.flatMap((fault) => levels.map((level): Cell => ({ fault, level, results: [] })))
  const record = openRecord(values.results, cells)
  const trials = countOf(values.trials)
  // In turns, so that an interrupted run has tried all faults alike.
  const waiting = Array.from({ length: trials }, (_, nth) =>
    cells.filter(({ results }) => results.length <= nth),
  ).flat()
  const at_once = countOf(values.at_once)

  let isOver = false
  const end = () => {
    isOver = true
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const stage = await openBenchStage()
  const mishaps: string[] = []
  try {
    const next = () => (isOver ? undefined : waiting.shift())
    await Promise.all(Array.from({ length: at_once }, () => tryAll(next, stage.setting, record, mishaps)))
  } finally {
    await stage.stop()
  }
  for (const mishap of mishaps) console.error(mishap)
  console.log(reportOf(cells))
  return doubledIn(cells) === 0 && mishaps.length === 0 ? 0 : 1
}

type Keep = (cell: Cell, result: Result) => void

/** One person tries what is next until there is nothing; who meets with a mishap starts anew, with another browser. */
async function tryAll(next: () => Cell | undefined, setting: Setting, keep: Keep, mishaps: string[]): Promise<void> {
  let person = meet()
  let in_a_row = 0
  for (let cell = next(); cell && in_a_row < mishaps_max; cell = next()) {
    try {
      keep(cell, await runTrial(cell.fault, cell.level, setting, person))
      in_a_row = 0
    } catch (error) {
      in_a_row++
      mishaps.push(`${cell.fault.name}, ${cell.level}: ${error}`)
      await person.leave()
      person = meet()
    }
  }
  await person.leave()
}

type Line = Result & { fault: string; level: Level }

/** Reads what `file` has of these cells, and gives what keeps more there; without a file, what keeps it in memory. */
function openRecord(file: string | undefined, cells: readonly Cell[]): Keep {
  const lines = file && existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : []
  for (const { fault, level, ...result } of lines.map((line): Line => JSON.parse(line)))
    cells.find((cell) => cell.fault.name === fault && cell.level === level)?.results.push(result)
  return (cell, result) => {
    cell.results.push(result)
    if (!file) return
    const line: Line = { fault: cell.fault.name, level: cell.level, ...result }
    appendFileSync(file, `${JSON.stringify(line)}\n`)
  }
}

/** The stage, on a Postgres of its own. */
async function openBenchStage(): Promise<Awaited<ReturnType<typeof openStage>>> {
  mkdirSync(join(root, '.balise'), { recursive: true })
  const dir = mkdtempSync(join(root, '.balise', 'bench-'))
  const parts = createParts()
  await parts.add('folder', { stop: () => rmSync(dir, { recursive: true, force: true }) })
  const server = await parts.add('Postgres', startPostgres({ dir: join(dir, 'postgres') }))
  const base = await makeBase(server.url, 'delivery')
  await base.eye.end()
  const stage = await parts.add('stage', openStage(base.url, base.site.key))
  return { setting: stage.setting, stop: parts.stop }
}
