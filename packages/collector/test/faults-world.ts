import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { health } from '@balise/shared/health'
import type { WireEvent } from '@balise/shared/wire/event'
import pg from 'pg'
import { expect, vi } from 'vitest'
import { endChild, isGoneWithin } from '../../../dev/child.ts'
import { root } from '../../../dev/command.ts'
import { guard } from '../../../dev/guard.ts'
import { startPostgres } from '../../../dev/postgres/postgres.ts'
import { migrate } from '../../cli/src/migrate.ts'
import { pepper } from '../../cli/src/pepper.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { firefox, pageView } from './batches.ts'

/** A zone where it is about noon, so that no test crosses midnight on the site's clock. */
const noonZone = (): string => {
  const ahead = 12 - new Date().getUTCHours()
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

/** Runs one statement as somebody else than the collector. */
export const tell = async <Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined) // a server that is killed takes its clients along; the statement's failure tells
  await client.connect()
  return client
    .query<Row>(statement)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

/** A folder of its own under the system's, and what removes it. */
export const folderOf = (name: string) => {
  const folder = mkdtempSync(join(tmpdir(), `balise-${name}-`))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A migrated Postgres with the site `demo`, which can be killed, and started again where it was. */
export const mortalPostgres = async (settings: Record<string, string> = {}) => {
  const { folder: dir, remove } = folderOf('faults')
  let server = await startPostgres({ dir, settings })
  const { url, port } = server
  await migrate({ database_url: url })
  await saveSiteAs(url, { key: 'demo', time_zone: noonZone() })
  return {
    url,
    /** SIGKILL to every process of the server: nothing is flushed, nobody is told. */
    kill: async (): Promise<void> => {
      const backends = await tell<{ pid: number }>(
        url,
        'select pid from pg_stat_activity where pid <> pg_backend_pid()',
      )
      const postmaster = Number(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
      const pids = [postmaster, ...backends.map(({ pid }) => pid)]
      for (const pid of pids) if (!(await isGoneWithin(pid, 0))) process.kill(pid, 'SIGKILL')
      for (const pid of pids) expect(await isGoneWithin(pid, 5_000)).toBe(true)
    },
    startAgain: async (): Promise<void> => {
      server = await startPostgres({ dir, port, settings })
    },
    stop: () => server.stop(),
    remove: async (): Promise<void> => {
      await server.stop()
      remove()
    },
  }
}

/** The environment of a Node collector that may be killed and started again. */
export type NodeSettings = { DATABASE_URL: string; PEPPERS: string; SHARES_DIR: string; SPOOL_DIR: string } & Record<
  string,
  string
>

/** A machine with a pepper and a store of key shares. Each time it is asked, `settings` has a new and empty spool. */
export const machine = (database_url: string) => {
  const { folder, remove } = folderOf('machine')
  const lasting = { DATABASE_URL: database_url, PEPPERS: pepper(), SHARES_DIR: join(folder, 'shares'), LIMITS: 'off' }
  return {
    settings: (more: Record<string, string> = {}): NodeSettings => ({
      ...lasting,
      SPOOL_DIR: mkdtempSync(join(folder, 'spool-')),
      ...more,
    }),
    remove,
  }
}

/** `packages/collector/src/node.ts` in a process of its own. `kill` is SIGKILL. */
export const startMortalNode = async (settings: NodeSettings) => {
  const child: ChildProcess = spawn(process.execPath, [join(root, 'packages/collector/src/node.ts')], {
    cwd: root,
    env: { ...process.env, PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  guard(child, 'TERM')
  if (!child.stdout) throw new Error('its output is a pipe')
  for await (const line of createInterface(child.stdout)) {
    const url = /https?:\S+/.exec(line)?.[0]
    if (!url) continue
    child.stdout.resume()
    return {
      url,
      pid: child.pid ?? 0,
      kill: async (): Promise<void> => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      },
      stop: () => endChild(child, { signal: 'SIGTERM', patience_ms: 5_000 }),
    }
  }
  throw new Error('the Node server ended before it told its address')
}

/** One batch from one browser. */
export const batchOf = (count: number): WireEvent[] => Array.from({ length: count }, () => pageView(new Date()))

/** Sends a batch once. A connection that breaks is no answer: `undefined`. */
export const send = async (url: string, events: WireEvent[], site = 'demo'): Promise<Response | undefined> =>
  fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'user-agent': firefox },
    body: JSON.stringify({ site, sent_at: Date.now(), consent: 'anonymous', events }),
  }).catch((failure: unknown) => {
    if (failure instanceof TypeError) return undefined // "fetch failed": nobody listens, or the socket was cut
    throw failure
  })

/**
 * Browsers that send without a pause, five events a batch, and send a batch again until it is taken, as the SDK does.
 * Every event is counted: when it was made, and when it was acknowledged.
 */
export const startLoad = (urlOf: () => string, browsers = 4) => {
  const sent: string[] = []
  const acknowledged: string[] = []
  const statuses = new Map<number, number>()
  let stopped = false

  const sendUntilTaken = async (events: WireEvent[]): Promise<void> => {
    for (;;) {
      const response = await send(urlOf(), events)
      const status = response?.status ?? 0
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      await response?.arrayBuffer()
      if (status === 202) return
      await sleep(100)
    }
  }
  const browser = async (): Promise<void> => {
    while (!stopped) {
      const events = batchOf(5)
      const ids = events.map(({ id }) => id)
      sent.push(...ids)
      await sendUntilTaken(events)
      acknowledged.push(...ids)
      await sleep(10)
    }
  }
  const running = Promise.all(Array.from({ length: browsers }, browser))

  return {
    sent,
    acknowledged,
    /** How often each status was answered; 0 is no answer at all. */
    statuses,
    /** Waits until so many more were acknowledged. */
    more: async (count: number): Promise<void> => {
      const goal = acknowledged.length + count
      await vi.waitFor(() => expect(acknowledged.length, JSON.stringify([...statuses])).toBeGreaterThanOrEqual(goal), {
        timeout: 15_000,
        interval: 20,
      })
    },
    /** No new batch; every one that was begun is taken. */
    stop: async (): Promise<void> => {
      stopped = true
      await running
    },
  }
}

/** The ids of all events that Postgres holds, as it counts them. */
export const idsIn = async (url: string): Promise<string[]> =>
  (await tell<{ id: string }>(url, 'select id::text from events order by id')).map(({ id }) => id)

/** Postgres holds these events in the end, each once and no other. */
export const expectStored = async (url: string, ids: string[]): Promise<void> => {
  await vi.waitFor(
    async () => {
      const [row] = await tell<{ count: number }>(url, 'select count(*)::int as count from events')
      expect(row?.count).toBe(ids.length)
    },
    { timeout: 30_000, interval: 100 },
  )
  expect(await idsIn(url)).toEqual(ids.toSorted())
}

/** What `/health` says of the spool. */
export const spoolOf = async (url: string) =>
  health.parse(await (await fetch(`${url}/health`)).json()).parts['spool'] ?? { ok: false }
