import { neon, neonConfig, Pool } from '@neondatabase/serverless'
import { createGateway } from '../src/gateway.ts'

// Run by gateway.test.ts as a process of its own: it ends by itself only when nothing is left open.
neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`
neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`
neonConfig.useSecureWebSocket = false

const gateway = await createGateway({ database_url: process.argv[2] ?? '' })
const sql = neon(gateway.database_url)
const pool = new Pool({ connectionString: gateway.database_url })
pool.on('error', () => undefined)

await Promise.all([sql`select 1`, pool.query('select 1')])
const cut = [
  sql`select pg_sleep(3)`.catch(() => console.log('HTTP cut')),
  pool.query('select pg_sleep(3)').catch(() => console.log('WebSocket cut')),
]
await new Promise((settle) => setTimeout(settle, 200))
await gateway.close()
await cut[0]
await cut[1]
console.log('closed')
