import { neonConfig } from '@neondatabase/serverless'
import { onTestFinished } from 'vitest'
import { freshDatabase } from '../../../test/setup/database.ts'
import { createGateway, type Gateway } from '../src/gateway.ts'
import type { Limits } from '../src/limits.ts'

// What a Worker sets, word for word as in the README.
neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`
neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`
neonConfig.useSecureWebSocket = false

/** A gateway in front of an empty database of its own; both are gone when the test is over. */
export async function served(limits: Partial<Limits> = {}): Promise<Gateway & { behind_url: string }> {
  const database = await freshDatabase()
  const gateway = await createGateway({ database_url: database.url, limits })
  onTestFinished(async () => {
    await gateway.close()
    await database.drop()
  })
  return { ...gateway, behind_url: database.url }
}

/** The same address with another password, user or database. */
export function changed(url: string, part: 'username' | 'password' | 'pathname', value: string): string {
  const other = new URL(url)
  other[part] = value
  return other.href
}
