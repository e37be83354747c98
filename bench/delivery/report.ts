import type { Fault } from './faults.ts'
import type { Result } from './trial.ts'

export const levels = ['analytics', 'anonymous'] as const
export type Level = (typeof levels)[number]

/** A fault at a level, and what came of it. */
export type Cell = { fault: Fault; level: Level; results: Result[] }

/** The faults that a healthy collector and a page's last moment must survive alone. */
const last_moments = ['navigation right after', 'tab closed right after', 'renderer killed right after']

/** The table of the faults, then that of the promises. */
export const reportOf = (cells: readonly Cell[]): string =>
  `${trialsIn(cells)} trials\n\n${matrix(cells)}\n\n${summary(cells)}`

/** Events that are stored more than once. */
export const doubledIn = (cells: readonly Cell[]): number =>
  resultsIn(cells).reduce((sum, { stored, returned }) => sum + stored - returned, 0)

/** A row for each fault, columns for each level without and with a return visit, and on how many trials they rest. */
const matrix = (cells: readonly Cell[]): string => {
  const rows = Map.groupBy(cells, ({ fault }) => fault)
  const lines = [...rows].map(([{ name, peers }, of]) => [
    `${name}${peers ? ' *' : ''}`,
    ...of.flatMap(({ results }) => [share(results, 'delivered'), share(results, 'returned')]),
    of.map(({ results }) => results.length).join(' + '),
  ])
  return table(['fault', ...levels.flatMap((level) => [level, 'after a return visit']), 'trials'], lines)
}

const summary = (cells: readonly Cell[]): string => {
  const peers = cells.filter(({ fault }) => fault.peers)
  const moments = cells.filter(({ fault }) => last_moments.includes(fault.name))
  const early = resultsIn(cells).reduce((sum, result) => sum + result.early, 0)
  const row = (what: string, of: readonly Cell[], level: Level, column: Column, ...aims: string[]) => {
    const here = of.filter((cell) => cell.level === level)
    return [what, mean(here, column), ...aims, `${trialsIn(here)}`]
  }
  return table(
    ['what', 'measured', 'must', 'moonshot', 'trials'],
    [
      row(
        'mean of the faults marked *, storage allowed, after a return visit',
        peers,
        'analytics',
        'returned',
        '99.5 %',
        '99.9 %',
      ),
      row('the same, no storage allowed', peers, 'anonymous', 'returned', '80 %', '90 %'),
      row(
        'navigated, closed, killed, without a return visit, storage allowed',
        moments,
        'analytics',
        'delivered',
        '100 %',
        '100 %',
      ),
      row('the same, no storage allowed', moments, 'anonymous', 'delivered', '100 %', '100 %'),
      ['stored twice', `${doubledIn(cells)}`, '0', '0', `${trialsIn(cells)}`],
      ['requests inside a Retry-After', `${early}`, '0', '0', `${trialsIn(cells)}`],
    ],
  )
}

type Column = 'delivered' | 'returned'

const resultsIn = (cells: readonly Cell[]): Result[] => cells.flatMap(({ results }) => results)

const trialsIn = (cells: readonly Cell[]): number => resultsIn(cells).length

const part = (results: readonly Result[], of: Column): number =>
  results.reduce((sum, result) => sum + result[of], 0) / results.reduce((sum, { told }) => sum + told, 0)

/** The mean over faults, each counting the same, of those that were tried. */
const mean = (cells: readonly Cell[], of: Column): string => {
  const parts = cells.filter(({ results }) => results[0]).map(({ results }) => part(results, of))
  return percent(parts.reduce((sum, one) => sum + one, 0) / parts.length)
}

const share = (results: readonly Result[], of: Column): string => percent(part(results, of))

/** Rounded down, so that 100.0 % means all; a dash where nothing was tried. */
const percent = (part: number): string =>
  Number.isNaN(part) ? '–' : `${(Math.floor(part * 1_000 + 1e-9) / 10).toFixed(1)} %`

const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map((_, nth) => (nth ? '--:' : '---')), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
