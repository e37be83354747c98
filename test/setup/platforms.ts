import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTestHarness } from 'wrangler'
import { endChild } from '../../dev/child.ts'
import { root } from '../../dev/command.ts'
import { guard } from '../../dev/guard.ts'
import { pepper } from '../../packages/cli/src/pepper.ts'
import { createGateway } from '../../packages/neon-gateway/src/gateway.ts'

/** A collector on a real runtime, at an address of its own. `scheduled` is its clock's strike, which tests do not wait for. */
export type Platform = { url: string; scheduled?: () => Promise<void>; stop: () => Promise<void> }

/**
 * What a platform is started on. `others` are databases besides, by name; `assets` is the folder it serves beside the API, by default none; `settings` are what an
 * operator sets besides; `limit_max` stands for each limit of `wrangler.toml`, so that a test can reach it.
 */
export type PlatformOptions = {
  database_url: string
  others?: Record<string, string>
  peppers?: string
  assets?: string
  settings?: Record<string, string>
  limit_max?: number
}

const ready_within_ms = 30_000

/** `packages/collector/src/node.ts` in a process of its own, as an operator runs it. */
export const startNode = async (options: PlatformOptions): Promise<Platform> => {
  const { database_url, peppers = pepper() } = options
  const shares = mkdtempSync(join(tmpdir(), 'balise-shares-'))
  const child = spawn(process.execPath, [join(root, 'packages/collector/src/node.ts')], {
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: database_url,
      DATABASES: JSON.stringify(options.others ?? {}),
      PEPPERS: peppers,
      SHARES_DIR: shares,
      PORT: '0',
      ASSETS_DIR: options.assets ?? '',
      ...options.settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  guard(child, 'TERM')
  const stop = async () => {
    await endChild(child, { signal: 'SIGTERM', patience_ms: 5_000 })
    rmSync(shares, { recursive: true, force: true })
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), ready_within_ms)
  for await (const line of createInterface(child.stdout)) {
    const url = /https?:\S+/.exec(line)?.[0]
    if (!url) continue
    clearTimeout(timer)
    child.stdout.resume()
    return { url, stop }
  }
  await stop()
  throw new Error('the Node server ended before it told its address')
}

/**
 * The Worker of `wrangler.toml` in workerd, with its queue, its KV and its assets, and a gateway of its own between it and
 * each database. Built as for production by wrangler itself.
 *
 * @see https://developers.cloudflare.com/workers/testing/test-harness/
 */
export const startWorkerd = async (options: PlatformOptions): Promise<Platform> => {
  const { database_url, peppers = pepper() } = options
  const folder = mkdtempSync(join(tmpdir(), 'balise-worker-'))
  const gateway = await createGateway({ database_url })
  const others = await gatewaysOf(options.others ?? {})
  const server = createTestHarness({
    root,
    workers: [
      {
        configPath: configIn(folder, options),
        vars: { NEON_ENDPOINT: `${gateway.url}/sql`, ...options.settings },
        secrets: { DATABASE_URL: gateway.database_url, DATABASES: JSON.stringify(others.urls), PEPPERS: peppers },
      },
    ],
  })
  const { url } = await server.listen()
  return {
    url: url.origin,
    scheduled: async () => {
      await server.getWorker().scheduled({ cron: '* * * * *' })
    },
    stop: async () => {
      await server.close()
      await gateway.close()
      await others.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const gatewaysOf = async (databases: Record<string, string>) => {
  const opening = Object.entries(databases).map(
    async ([name, database_url]) => [name, await createGateway({ database_url })] as const,
  )
  const gateways = await Promise.all(opening)
  return {
    urls: Object.fromEntries(gateways.map(([name, { database_url }]) => [name, database_url])),
    close: async () => {
      for (const [, { close }] of gateways) await close()
    },
  }
}

/** `wrangler.toml` in another folder, with other assets: tests that run at once do not share what they serve. */
const configIn = (folder: string, { assets = folder, limit_max }: PlatformOptions): string => {
  const config = readFileSync(join(root, 'wrangler.toml'), 'utf8')
    .replace(/^main = "(.+)"$/m, (_, main: string) => `main = ${JSON.stringify(join(root, main))}`)
    .replace(/^directory = ".+"$/m, `directory = ${JSON.stringify(assets)}`)
    .replace(/\blimit = [\d_]+/g, (limit) => (limit_max === undefined ? limit : `limit = ${limit_max}`))
  const path = join(folder, 'wrangler.toml')
  writeFileSync(path, config)
  return path
}
