import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { saveSiteAs } from '../packages/cli/src/site.ts'
import { createTokenFor } from '../packages/cli/src/token.ts'
import { withDatabase } from '../packages/cli/src/with-database.ts'
import type { Scope } from '../packages/collector/src/store/database.ts'
import { findSite } from '../packages/collector/src/store/sites.ts'
import { findGrant } from '../packages/collector/src/store/tokens.ts'

/** A token of the site `demo`, and the JSON file that keeps its text between starts. */
export type KeptToken = { file: string; scopes: Scope[]; label: string }

/**
 * Makes the site `demo` if it is not there; who has changed it keeps the change. It counts bots: whoever tries it out
 * with a headless browser wants to see something.
 */
export async function seedSite(database_url: string): Promise<void> {
  if (await withDatabase(database_url, (database) => findSite(database, 'demo'))) return
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  await saveSiteAs(database_url, { key: 'demo', time_zone: timeZone, bots: 'count' })
}

/** The token that the file keeps, if this database still knows it; otherwise a new one. */
export async function demoToken(database_url: string, { file, scopes, label }: KeptToken): Promise<string> {
  const kept = keptToken(file)
  if (kept && (await withDatabase(database_url, (database) => findGrant(database, kept)))) return kept
  return createTokenFor(database_url, { site: 'demo', scopes, label })
}

/** Writes a JSON file that only we can read, whole or not at all. */
export function keep(file: string, content: { token: string; site: string; url?: string }): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function keptToken(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const { token }: { token?: string } = JSON.parse(readFileSync(file, 'utf8'))
  return token
}
