import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { saveSiteAs } from '@balise/cli/site'
import { createTokenFor } from '@balise/cli/token'

/** What tools find in `.balise/dev.json`. */
export type Demo = { url: string; site: string; token: string }

/** Seeds the site `demo` and its token, unless the file's token still opens it, and writes down where they are. */
export async function demo(place: { url: string; database_url: string; file: string }): Promise<Demo> {
  const { url, database_url, file } = place
  const kept = keptToken(file)
  const token = kept && (await opens(url, kept)) ? kept : await seed(database_url)
  const written: Demo = { url, site: 'demo', token }
  writeFileSync(`${file}.new`, `${JSON.stringify(written, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return written
}

async function seed(database_url: string): Promise<string> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  await saveSiteAs(database_url, { key: 'demo', time_zone: timeZone })
  return createTokenFor(database_url, { site: 'demo', scopes: ['query', 'privacy'], label: 'npm start' })
}

function keptToken(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const { token }: Partial<Demo> = JSON.parse(readFileSync(file, 'utf8'))
  return token
}

/** An unknown token is 401; a known one with an empty question is refused for the question. */
async function opens(url: string, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { status } = await fetch(`${url}/v1/query`, { method: 'POST', headers, body: '{}' })
  return status !== 401
}
