import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import type { Sent, Stage } from './stage.ts'
import type { Tracker } from './trackers.ts'

/** What one visit with one tracker cost the page. Milliseconds are those of a device four times slower than this machine. */
export type Cost = {
  start: {
    /** Compiling and running scripts until the page has come to rest. */
    script_ms: number
    /** All that the main thread did until then. */
    task_ms: number
    /** The heap at rest, after a collection. */
    heap_bytes: number
  }
  alone: Told
  row: Told
  burst: Told
  /** Tasks of more than 50 ms, from the beginning to the end. */
  long_tasks: number
}

/** What events cost that were told in one way. */
export type Told = {
  /** How long each call took. */
  calls_ms: number[]
  /** All that the main thread did for one event until it was away. */
  event_ms: number
  sent: Sent[]
}

/** How many events are told, and how far apart: alone, one after the other, and all in one task. */
export const ways = {
  alone: { count: 3, gap_ms: 1_200 },
  row: { count: 40, gap_ms: 50 },
  burst: { count: 50, gap_ms: 0 },
} as const

const slowdown = 4
/** After this long a page is at rest, unless events are still on their way. */
const rest_ms = 1_500
const arrive_ms_max = 15_000

/** Lives one visit in a fresh profile, and counts what it cost. */
export const visit = async (browser: Browser, stage: Stage, tracker: Tracker): Promise<Cost> => {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await page.goto(stage.pageOf('elsewhere'))
    // Of the thread, not of the clock: what other programs take from a shared machine is not the page's cost.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })

    const usedSince = await meterOf(session)
    await page.goto(stage.pageOf(tracker), { waitUntil: 'load' })
    await wait(rest_ms)
    const used = await usedSince()
    const heap_bytes = await heapOf(session)
    stage.sent()

    const tell = (way: keyof typeof ways) => told({ page, session, stage, tracker }, ways[way])
    return {
      start: { ...used, heap_bytes },
      alone: await tell('alone'),
      row: await tell('row'),
      burst: await tell('burst'),
      long_tasks: await page.evaluate('longTasks()'),
    }
  } finally {
    await context.close()
    stage.sent()
  }
}

type Scene = { page: Page; session: CDPSession; stage: Stage; tracker: Tracker }

/** Tells events, in one task unless there is a gap between them, and waits until each has arrived. */
const told = async (
  { page, session, stage, tracker }: Scene,
  { count, gap_ms }: { count: number; gap_ms: number },
): Promise<Told> => {
  const usedSince = await meterOf(session)
  const calls_ms: number[] = await page.evaluate(`(async () => {
    const calls_ms = []
    for (let nth = 0; nth < ${count}; nth++) {
      ${gap_ms ? `await new Promise((resolve) => setTimeout(resolve, ${gap_ms}))` : ''}
      const begun_ms = performance.now()
      tell()
      calls_ms.push(performance.now() - begun_ms)
    }
    return calls_ms
  })()`)
  await wait(rest_ms)
  const sent = stage.sent()
  const arrived = () => sent.reduce((sum, { events }) => sum + events, 0)
  for (let waited_ms = 0; tracker.tells && arrived() < count; waited_ms += 100) {
    if (waited_ms > arrive_ms_max) throw new Error(`${tracker.name} sent ${arrived()} of ${count} events`)
    await wait(100)
    sent.push(...stage.sent())
  }
  return { calls_ms, event_ms: (await usedSince()).task_ms / count, sent }
}

type Used = { script_ms: number; task_ms: number }

/** A meter of the main thread: it gives what was used since it was made. */
const meterOf = async (session: CDPSession): Promise<() => Promise<Used>> => {
  const before = await usedOf(session)
  return async () => {
    const now = await usedOf(session)
    return { script_ms: now.script_ms - before.script_ms, task_ms: now.task_ms - before.task_ms }
  }
}

const usedOf = async (session: CDPSession): Promise<Used> => {
  const { metrics } = await session.send('Performance.getMetrics')
  const msOf = (name: string) => 1_000 * (metrics.find((metric) => metric.name === name)?.value ?? Number.NaN)
  return { script_ms: msOf('ScriptDuration') + msOf('V8CompileDuration'), task_ms: msOf('TaskDuration') }
}

const heapOf = async (session: CDPSession): Promise<number> => {
  await session.send('HeapProfiler.collectGarbage')
  return (await session.send('Runtime.getHeapUsage')).usedSize
}
