import { decimal, markdown, median, percent, whole } from '../table.ts'
import type { Manners } from './manners.ts'
import type { Sent } from './stage.ts'
import { nothing, type Tracker } from './trackers.ts'
import { type Cost, type Told, ways } from './visit.ts'

/** What was measured of one tracker: a cost for each round. */
export type Measured = { tracker: Tracker; costs: Cost[]; manners: Manners }

/** What was measured, as tables, and what is asked of ours beside it. */
export const tablesOf = (all: readonly Measured[]): string => {
  const none = all.find(({ tracker }) => tracker === nothing)
  const rows = all.map((measured) => ({ ...measured, ...figuresOf(measured, none?.costs ?? []) }))
  const visited = rows.filter(({ costs }) => costs.length)
  return [
    markdown([
      ['at the start', 'script ms', 'main thread ms', 'heap kB', 'long tasks'],
      ...visited.map(({ tracker, script_ms, start_ms, heap_bytes, long_tasks }) => [
        tracker.name,
        ...[script_ms, start_ms, heap_bytes / 1_000, long_tasks].map(whole),
      ]),
    ]),
    markdown([
      ['for each event, ms', 'call, p50', 'call, p95', 'main thread, in a row', 'alone', 'in a burst'],
      ...visited.map(({ tracker, call_p50_ms, call_p95_ms, row_ms, alone_ms, burst_ms }) => [
        tracker.name,
        ...[call_p50_ms, call_p95_ms, row_ms, alone_ms, burst_ms].map(decimal),
      ]),
    ]),
    markdown([
      [
        'on the wire',
        'requests per event of a burst',
        'bytes',
        'bytes alone',
        'requests per visit',
        'preflights',
        'stored',
      ],
      ...rows
        .filter(({ tracker }) => tracker !== nothing)
        .map(({ tracker, manners, burst_requests, burst_bytes, alone_bytes }) => [
          tracker.name,
          burst_requests.toFixed(2),
          ...[burst_bytes, alone_bytes, manners.requests, manners.preflights, manners.stored].map(whole),
        ]),
    ]),
    verdictOf(rows),
  ].join('\n\n')
}

/** The middle of all rounds, what a page without a tracker costs taken off. */
const figuresOf = ({ costs }: Measured, none: readonly Cost[]) => {
  const over = (read: (cost: Cost) => number) =>
    median(costs.map((cost, round) => read(cost) - (none[round] ? read(none[round]) : 0)))
  const calls_ms = costs.flatMap(({ row }) => row.calls_ms).sort((one, other) => one - other)
  const at = (share: number) => calls_ms[Math.floor(share * calls_ms.length)] ?? Number.NaN
  return {
    script_ms: over(({ start }) => start.script_ms),
    start_ms: over(({ start }) => start.task_ms),
    heap_bytes: over(({ start }) => start.heap_bytes),
    long_tasks: over(({ long_tasks }) => long_tasks),
    call_p50_ms: at(0.5),
    call_p95_ms: at(0.95),
    row_ms: over(({ row }) => row.event_ms),
    alone_ms: over(({ alone }) => alone.event_ms),
    burst_ms: over(({ burst }) => burst.event_ms),
    burst_requests: median(costs.map(({ burst }) => requestsIn(burst) / ways.burst.count)),
    burst_bytes: median(costs.map(({ burst }) => bytesIn(burst) / ways.burst.count)),
    alone_bytes: median(costs.map(({ alone }) => bytesIn(alone) / ways.alone.count)),
  }
}

type Row = Measured & ReturnType<typeof figuresOf>

const requestsIn = ({ sent }: Told): number => sent.filter(({ method }) => method !== 'OPTIONS').length
const bytesIn = ({ sent }: Told): number => sent.reduce((sum: number, { bytes }: Sent) => sum + bytes, 0)

/**
 * What is asked, as a share of what PostHog took where the figures asked for were measured: the one peer that all of them
 * were measured beside.
 */
const asked = [
  { what: 'script at the start', of: 'script_ms', posthog: 553, must: undefined, moonshot: 20 },
  { what: 'heap', of: 'heap_bytes', posthog: 2_800_000, must: undefined, moonshot: 106_000 },
  { what: 'a call, p50', of: 'call_p50_ms', posthog: 31, must: 0.5, moonshot: 0.3 },
  { what: 'a call, p95', of: 'call_p95_ms', posthog: 52, must: 4, moonshot: 2 },
  { what: 'main thread for an event in a row', of: 'row_ms', posthog: 35, must: 9, moonshot: 7 },
] as const

const verdictOf = (rows: readonly Row[]): string => {
  const posthog = rows.find(({ tracker }) => tracker.key === 'posthog')
  const [anonymous, analytics] = ['anonymous', 'analytics'].map((level) =>
    rows.find(({ tracker }) => tracker.key === `balise-${level}`),
  )
  const waiting = rows.find(({ tracker }) => tracker.key === 'balise-none')
  const counts = [
    [
      'requests per event of a burst',
      ...[anonymous, analytics].map((ours) => ours?.burst_requests.toFixed(2)),
      '0.3',
      '0.1',
    ],
    ['bytes per event of a burst', ...[anonymous, analytics].map((ours) => whole(ours?.burst_bytes)), '200', '150'],
    ['preflights', ...[anonymous, analytics].map((ours) => whole(ours?.manners.preflights)), '0', '0'],
    [
      'stored, sent before consent',
      ...Array(2).fill(`${waiting?.manners.stored}, ${waiting?.manners.requests}`),
      '0, 0',
      '0, 0',
    ],
  ]
  return markdown([
    ['Balise, of what PostHog takes', 'anonymous', 'analytics', 'must', 'moonshot'],
    ...(posthog
      ? asked.map(({ what, of, posthog: then, must, moonshot }) => [
          what,
          percent(anonymous?.[of], posthog[of]),
          percent(analytics?.[of], posthog[of]),
          percent(must, then),
          percent(moonshot, then),
        ])
      : []),
    ...(counts as string[][]),
  ])
}
