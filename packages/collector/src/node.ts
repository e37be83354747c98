import { health } from '@balise/shared/health'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Cron } from 'croner'
import { Hono } from 'hono'
import manifest from '../package.json' with { type: 'json' }
import { createCollector } from './collector.ts'
import { createFileVault } from './keys/file-vault.ts'
import { nodeKeyOf } from './keys/node-key.ts'
import { peppersOf } from './keys/peppers.ts'
import { nodeLimitsOf } from './limits/node-limits.ts'
import { nodeSettings } from './node-settings.ts'
import { openPlaces } from './places.ts'
import { openLanes } from './spool/open-lanes.ts'
import { createPlacement, home } from './store/placement.ts'
import { openPostgresDoor } from './store/postgres.ts'
import { usableFolder } from './usable-folder.ts'

/** Below this a question or a batch of one site could hold up the database's others. */
const connections_min = 2

type Node = { incoming: { socket: { remoteAddress?: string } } }

const now = () => new Date()

/** Only the name and the sentence of a failure: its other fields may hold a row. */
const report = ({ name, message }: Error) => console.error(JSON.stringify({ failure: name, message }))

const refuse: (sentence: string) => never = (sentence) => {
  console.error(sentence)
  process.exit(1)
}

const settings = nodeSettings.safeParse(process.env)
if (!settings.success)
  refuse(settings.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
const {
  DATABASE_URL,
  DATABASES,
  CONNECTIONS_MAX,
  PEPPERS,
  SHARES_DIR,
  SPOOL_DIR,
  SPOOL_BYTES_MAX,
  PORT,
  HOST,
  ADDRESS_HEADER,
  PLACES_FILE,
  ASSETS_DIR,
} = settings.data

const places = await openPlaces(PLACES_FILE, report)
if ('refusal' in places) refuse(places.refusal)

for (const [setting, folder] of Object.entries({ SHARES_DIR, SPOOL_DIR })) {
  const unusable = folder && (await usableFolder(setting, folder))
  if (unusable) refuse(unusable.refusal)
}

const urls = Object.entries({ [home]: DATABASE_URL, ...DATABASES })
const connections_max = Math.min(10, Math.floor(CONNECTIONS_MAX / urls.length))
if (connections_max < connections_min)
  refuse(`CONNECTIONS_MAX: ${urls.length} databases want ${urls.length * connections_min} connections at least.`)
// However slow the questions are, what arrives finds a connection, and the fold another; two connections are shared.
const questions_max = Math.floor((connections_max - 1) / 2)
const doors = new Map(
  urls.map(([name, url]) => [
    name,
    openPostgresDoor({ url, connections_max, questions_max, statement_ms_max: 30_000, onBreak: report }),
  ]),
)
const placement = createPlacement(doors)

const lanes = await openLanes({
  placement,
  databases: [...doors.keys()],
  folder: SPOOL_DIR,
  bytes_max: SPOOL_BYTES_MAX,
  events_waiting_max: 20_000,
  report,
})
if ('refusal' in lanes) refuse(lanes.refusal)

const collector = createCollector({
  doors,
  placement,
  vault: createFileVault(SHARES_DIR, now),
  keyOf: nodeKeyOf,
  peppers: await peppersOf(PEPPERS, nodeKeyOf),
  deliver: lanes.deliver,
  limits: nodeLimitsOf(settings.data, now),
  now,
  report,
  version: manifest.version,
})

const app = new Hono<{ Bindings: Node }>()
if (ASSETS_DIR) app.get('/*', serveStatic({ root: ASSETS_DIR }))
if (SPOOL_DIR)
  app.get('/health', async ({ req }) => {
    const response = await collector.fetch(req.raw, { ip: '', place: {} })
    const { version, parts: others } = health.parse(await response.json())
    const parts = { ...others, ...lanes.health() }
    const ok = Object.values(parts).every((part) => part.ok)
    return Response.json({ ok, version, parts }, { status: ok ? 200 : 503, headers: response.headers })
  })
app.all('/*', ({ req, env }) => {
  const ip = (ADDRESS_HEADER ? req.header(ADDRESS_HEADER) : env.incoming.socket.remoteAddress) ?? ''
  return collector.fetch(req.raw, { ip, place: places.placeOf(ip) })
})

const every_ten_seconds = '*/10 * * * * *'
const schedule = new Cron(every_ten_seconds, { protect: true, catch: (failure) => report(failure as Error) }, () =>
  collector.scheduled(),
)

const server = serve({ fetch: app.fetch, port: PORT, hostname: HOST }, ({ port }) =>
  console.log(`Balise listens on http://${HOST}:${port}`),
)
server.on('error', (failure: NodeJS.ErrnoException) =>
  refuse(failure.code === 'EADDRINUSE' ? `Port ${PORT} is taken. Set PORT to another one.` : failure.message),
)

const stop = () => {
  schedule.stop()
  collector.stop()
  server.close(async () => {
    await lanes.stop()
    for (const door of doors.values()) await door.close()
    process.exit(0)
  })
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
