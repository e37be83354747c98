import { neon, neonConfig } from '@neondatabase/serverless'
import { Kysely } from 'kysely'
import { NeonDialect } from 'kysely-neon'
import type { Database } from './database.ts'

/**
 * The door to Neon over HTTP: each statement is one `fetch`.
 *
 * `endpoint` is where statements go instead of Neon's own address for the host in `url`: a gateway on this machine.
 * The driver keeps it in a module-wide setting, so one process speaks to one endpoint.
 */
export const openNeon = (options: { url: string; endpoint: string | undefined }): Database => {
  const { endpoint } = options
  if (endpoint) neonConfig.fetchEndpoint = () => endpoint
  return new Kysely({ dialect: new NeonDialect({ neon: neon(options.url) }) })
}
