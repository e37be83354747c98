import { join } from 'node:path'
import { createGateway } from '../packages/neon-gateway/src/gateway.ts'
import { build, page_file } from './build.ts'
import { root } from './command.ts'
import { demoToken, keep, seedSite } from './demo.ts'
import { makeFolder } from './folder.ts'
import { whenHealthy } from './healthy.ts'
import { takeLock } from './lock.ts'
import { migrated } from './migrated.ts'
import { createParts, type Parts } from './parts.ts'
import { keptPepper } from './pepper.ts'
import { wantedPort } from './port.ts'
import { startLastingPostgres } from './postgres/lasting.ts'
import { Refusal } from './refusal.ts'
import { schedule } from './schedule.ts'
import { startWorker } from './worker.ts'

const dir = join(root, '.balise')

/** Where tools find the address, the site and a token. */
const dev_file = join(dir, 'dev.json')

/** `npm start`: everything Balise needs, on this machine, until Ctrl-C. */
export async function main(): Promise<number> {
  const parts = createParts()
  const told = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })
  try {
    await Promise.race([start(parts).then(() => told), told, parts.death])
    console.log('\nStopping …')
    return 0
  } finally {
    await parts.stop()
  }
}

async function start(parts: Parts): Promise<void> {
  makeFolder(dir)
  await parts.add('The lock', startLock())
  const port = await wantedPort(process.env['PORT'])
  const url = `http://127.0.0.1:${port}`
  const database_url = process.env['DATABASE_URL'] ?? (await ownPostgres(parts))
  await migrated(database_url)
  const gateway = await parts.add('The gateway', openGateway(database_url))
  if (!(await build())) throw new Refusal('The build failed: its reason stands above.')
  const { site, token } = await seed(database_url)
  const secrets = {
    DATABASE_URL: gateway.database_url,
    NEON_ENDPOINT: `${gateway.url}/sql`,
    PEPPERS: keptPepper(join(dir, 'pepper')),
    LIMITS: 'off', // a laptop has no neighbours to protect, and its panel asks a lot
  }
  await parts.add('The Worker', startWorker({ port, dir: join(dir, 'worker'), secrets }))
  await whenHealthy(url, parts.stopping)
  await parts.add('The schedule', schedule(url))
  keep(dev_file, { url, site, token })
  console.log(greeting({ url, site, token }))
}

function startLock() {
  const lock = takeLock(join(dir, 'start.lock'))
  if (!lock.held) throw new Refusal(`Balise already runs in this folder (process ${lock.pid}): stop that one first.`)
  return { stop: lock.release }
}

async function ownPostgres(parts: Parts): Promise<string> {
  const { url } = await parts.add('Postgres', startLastingPostgres({ dir: join(dir, 'postgres') }))
  return url
}

async function openGateway(database_url: string) {
  const gateway = await createGateway({ database_url })
  return { ...gateway, stop: gateway.close }
}

/** The site, a token for tools, and one for the demo page that opens questions and nothing else. */
async function seed(database_url: string): Promise<{ site: string; token: string }> {
  await seedSite(database_url)
  const page = { file: page_file, scopes: ['query' as const], label: 'the demo page' }
  keep(page_file, { site: 'demo', token: await demoToken(database_url, page) })
  const tools = { file: dev_file, scopes: ['query' as const, 'privacy' as const], label: 'npm start' }
  return { site: 'demo', token: await demoToken(database_url, tools) }
}

function greeting({ url, site, token }: { url: string; site: string; token: string }): string {
  const question = JSON.stringify({ site, date_range: 'day', metrics: ['visitors', 'page_views'] })
  return `
Balise runs at ${url}

  the demo   ${url}/
  its token  ${token} (with the address in .balise/dev.json)
  ask it     curl -s ${url}/v1/query -H 'Authorization: Bearer ${token}' --json '${question}'

Ctrl-C stops everything; the data stays in .balise/.`
}
