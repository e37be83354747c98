import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf, endChild, hasEnded, isGoneWithin } from '../child.ts'
import { guard } from '../guard.ts'
import { freePort } from '../port.ts'
import { Refusal } from '../refusal.ts'
import { postgresBinaries } from './binaries.ts'
import { type Cluster, clusterPassword } from './cluster.ts'
import { postgresOwner } from './owner.ts'

/** A running server. `exited` settles with its last words, whether it was stopped or died. */
export type Postgres = { url: string; port: number; exited: Promise<string>; stop(): Promise<void> }

/** `dir` keeps the data, password and log; `settings` are server settings laid over ours. */
export type PostgresOptions = { dir: string; port?: number; settings?: Record<string, string> }

const attempts_max = 3
const ready_within_ms = 60_000
const stop_patience_ms = 10_000

/**
 * A real Postgres on loopback, with its data kept in `dir`. What a killed run left behind (a stale lock, an orphaned
 * server) is cleared away first, so only one caller may use a folder at a time. Throws a `Refusal` that names the reason
 * when it cannot start.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const dir = resolve(options.dir)
  mkdirSync(dir, { recursive: true })
  const cluster: Cluster = {
    dir,
    data: join(dir, 'data'),
    binaries: await postgresBinaries(),
    owner: postgresOwner(join(dir, 'data')),
  }
  const password = await clusterPassword(cluster)
  await endOrphan(cluster)
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const server = await attemptStart(cluster, { port, settings: options.settings ?? {} })
    if ('stop' in server) return { ...server, port, url: `postgres://balise:${password}@127.0.0.1:${port}/postgres` }
    const taken = server.reason.includes('could not create any TCP/IP sockets')
    if (taken && options.port === undefined && attempt < attempts_max) continue
    throw new Refusal(`The database in ${dir} does not start: ${server.reason} (its log: ${join(dir, 'log')}).`)
  }
}

type Attempt = { port: number; settings: Record<string, string> }

async function attemptStart(
  cluster: Cluster,
  attempt: Attempt,
): Promise<Omit<Postgres, 'url' | 'port'> | { reason: string }> {
  const child = launch(cluster, attempt)
  const exited = new Promise<string>((settle) => {
    child.once('exit', () => settle(lastWords(cluster)))
    child.once('error', (error) => settle(error.message))
  })
  const stop = () => endChild(child, { signal: 'SIGINT', patience_ms: stop_patience_ms })
  if (await becameReady(cluster, child)) return { exited, stop }
  await stop()
  return { reason: await exited }
}

const our_settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  max_wal_size: '2GB',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A statement or a failing row may hold personal data; the log must not.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/** In a process group of its own: Ctrl-C in a terminal reaches us alone, and we end our children in order. */
function launch({ dir, data, binaries, owner }: Cluster, server: Attempt) {
  const settings = Object.entries({ ...our_settings, ...server.settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const { command, args, ids } = owner.running(binaries.postgres, ['-D', data, '-p', String(server.port), ...settings])
  const log = openSync(join(dir, 'log'), 'w', 0o600)
  const env = { ...process.env, LC_ALL: 'C' }
  const child = spawn(command, args, { ...ids, cwd: dir, env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  guard(child, 'INT')
  return child
}

/** The eighth line of postmaster.pid turns `ready` when connections are accepted: what `pg_ctl -w` waits for. */
async function becameReady({ data }: Cluster, child: ChildProcess): Promise<boolean> {
  const until = Date.now() + ready_within_ms
  while (!hasEnded(child) && Date.now() < until) {
    const lines = pidFile(data)
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true
    await sleep(10)
  }
  return false
}

/** A server whose parent was killed still holds the folder: it is ended, and a lock that nobody holds is removed. */
async function endOrphan({ dir, data }: Cluster): Promise<void> {
  const [pid_line, folder] = pidFile(data)
  const pid = Number(pid_line)
  if (!pid) return
  if (folder === data && commandOf(pid).includes('postgres')) {
    process.kill(pid, 'SIGINT')
    if (await isGoneWithin(pid, stop_patience_ms)) return
    throw new Refusal(`Another Postgres (process ${pid}) still runs on ${dir} and does not stop: end it first.`)
  }
  rmSync(join(data, 'postmaster.pid'), { force: true })
}

function pidFile(data: string): string[] {
  const path = join(data, 'postmaster.pid')
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
}

function lastWords({ dir }: Cluster): string {
  const lines = readFileSync(join(dir, 'log'), 'utf8').split('\n')
  const fatal = lines.findLast((line) => /(FATAL|PANIC): /.test(line))
  return (fatal ?? (lines.filter(Boolean).slice(-3).join(' ') || 'it said nothing')).replace(
    /^.*?(FATAL|PANIC|LOG): +/,
    '',
  )
}
