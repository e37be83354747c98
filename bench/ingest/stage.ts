import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pepper } from '@balise/cli/pepper'
import { root } from '../../dev/command.ts'
import { createParts } from '../../dev/parts.ts'
import { startPostgres } from '../../dev/postgres/postgres.ts'
import { type Base, makeBase } from './base.ts'
import { started, startedOnNode } from './started.ts'

/** A collector on one runtime, and the hello-world on the same one: the processes are told by their ids. */
export type Runtime = {
  name: string
  base: Base
  url: string
  hello_url: string
  /** Gives the process of the server, and whether it is that process or what it started. */
  server: { pid: number; root_too: boolean }
  hello: { pid: number; root_too: boolean }
  gateway?: { pid: number }
}

/** Everything that a bench of ingest needs, running. */
export type Stage = {
  postgres: { pid: number }
  /** Where the bare insert goes: into the table `ceiling`, of the shape of `events`. */
  ceiling: Base
  runtimes: [node: Runtime, workerd: Runtime]
  stop: () => Promise<void>
}

/** Starts a Postgres that waits for the disk as in production, and both runtimes on it. */
export const openStage = async (): Promise<Stage> => {
  mkdirSync(join(root, '.balise'), { recursive: true })
  // Beside the data of `npm start`, on the same disk: /tmp may be memory.
  const dir = mkdtempSync(join(root, '.balise', 'bench-'))
  const parts = createParts()
  await parts.add('folder', { stop: () => rmSync(dir, { recursive: true, force: true }) })
  const server = await parts.add('Postgres', startPostgres({ dir }))
  const pid = Number(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

  const ceiling = await openBase('ceiling')
  await ceiling.eye.query('create table ceiling (like events including all)')
  const runtimes: Stage['runtimes'] = [
    await openNode(await openBase('node')),
    await openWorkerd(await openBase('workerd')),
  ]
  return { postgres: { pid }, ceiling, runtimes, stop: parts.stop }

  /** One for each runtime: each keeps its half of the day's keys in a store of its own. */
  async function openBase(name: string): Promise<Base> {
    const base = await makeBase(server.url, name)
    await parts.add(name, { stop: () => base.eye.end() })
    return base
  }

  async function openNode(base: Base): Promise<Runtime> {
    const env = {
      ...envOf(base),
      SHARES_DIR: join(dir, 'shares'),
      PORT: '0',
      ADDRESS_HEADER: 'x-real-ip',
      LIMITS: 'off',
    }
    const server = await parts.add('Node', startedOnNode(env))
    const hello = await parts.add('hello-world', started('bench/ingest/hello-node.ts'))
    return {
      name: 'Node',
      base,
      url: server.urls[0] ?? '',
      hello_url: hello.urls[0] ?? '',
      server: { pid: server.pid, root_too: true },
      hello: { pid: hello.pid, root_too: true },
    }
  }

  async function openWorkerd(base: Base): Promise<Runtime> {
    const gateway = await parts.add('gateway', started('bench/ingest/gateway.ts', { env: envOf(base) }))
    const [url = '', gateway_database_url = ''] = gateway.urls
    const env = { ...envOf(base), DATABASE_URL: gateway_database_url, NEON_ENDPOINT: `${url}/sql` }
    const host = await parts.add('workerd', started('bench/ingest/workerd.ts', { env }))
    const workerd = { pid: host.pid, root_too: false }
    return {
      name: 'workerd',
      base,
      url: host.urls[0] ?? '',
      hello_url: host.urls[1] ?? '',
      server: workerd,
      hello: workerd,
      gateway: { pid: gateway.pid },
    }
  }
}

const peppers = pepper()

const envOf = ({ url }: Base) => ({ DATABASE_URL: url, PEPPERS: peppers })
