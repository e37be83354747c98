import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endGroup } from './child.ts'
import { environment, root } from './command.ts'
import { guard } from './guard.ts'

/** The Worker in workerd. `exited` settles when it is gone, stopped or not. */
export type Worker = { exited: Promise<unknown>; stop(): Promise<void> }

/** `secrets` reach the Worker as its bindings, by way of a file that only we can read; `dir` keeps its KV. */
export type WorkerOptions = { port: number; dir: string; secrets: Record<string, string> }

/** For what was accepted at the last moment: a local queue is in memory only. */
const drain_ms = 2_000
const stop_patience_ms = 5_000

/** Runs `wrangler dev` on the top-level wrangler.toml, local, silent unless something is wrong. */
export function startWorker({ port, dir, secrets }: WorkerOptions): Worker {
  mkdirSync(dir, { recursive: true })
  const secrets_file = join(dir, 'secrets.env')
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(secrets_file, lines.join(''), { mode: 0o600 })
  const args = [
    ['dev', '--local', '--ip=127.0.0.1', `--port=${port}`, '--inspector-port=0'],
    [`--env-file=${secrets_file}`, `--persist-to=${join(dir, 'state')}`],
    ['--show-interactive-dev-session=false', '--live-reload=false', '--test-scheduled', '--log-level=warn'],
  ].flat()
  const env = { ...environment, ...quiet(dir) }
  const child = spawn('wrangler', args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.pipe(process.stdout)
  child.stderr.pipe(process.stderr)
  guard(child, 'TERM')
  const exited = once(child, 'exit')
  return {
    exited,
    async stop() {
      await Promise.race([exited, sleep(drain_ms)])
      // esbuild calls its own end a deadlock, in forty lines.
      child.stdout.unpipe().resume()
      child.stderr.unpipe().resume()
      await endGroup(child, { signal: 'SIGTERM', patience_ms: stop_patience_ms })
    },
  }
}

/** No question, no look at the registry or at Cloudflare, no file outside our folder. */
function quiet(dir: string): Record<string, string> {
  return {
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    WRANGLER_REGISTRY_PATH: join(dir, 'registry'),
    WRANGLER_CACHE_DIR: join(dir, 'cache'),
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    X_LOCAL_EXPLORER: 'false',
    CI: 'true',
  }
}
