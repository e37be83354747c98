import { createGateway } from '@balise/neon-gateway'
import { openNeon } from '../src/store/neon.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { storeContract } from './store.contract.ts'

storeContract("Postgres' own protocol", async (url) => {
  const database = openPostgres({ url, connections_max: 8, statement_ms_max: 10_000, onBreak: () => {} })
  return { database, close: () => database.destroy() }
})

storeContract("Neon's HTTP", async (url) => {
  const gateway = await createGateway({ database_url: url })
  const database = openNeon({ url, endpoint: `${gateway.url}/sql` })
  return { database, close: () => database.destroy().then(() => gateway.close()) }
})
