import { createGateway } from '@balise/neon-gateway'

/** The gateway in a process of its own, so that its CPU can be told from the others'. */
const gateway = await createGateway({ database_url: process.env['DATABASE_URL'] ?? '' })
console.log(`${gateway.url} ${gateway.database_url}`)
process.once('SIGTERM', () => gateway.close().then(() => process.exit(0)))
