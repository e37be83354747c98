import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../dev/postgres/postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the run's one Postgres server, as its superuser. */
    database_url: string
  }
}

/**
 * One real Postgres for the whole run, offered to every test as `inject('database_url')` and gone afterwards. It does
 * not wait for the disk: no test pulls the plug.
 */
export default async function postgres(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'balise-test-'))
  const { url, stop } = await startPostgres({ dir, settings: { fsync: 'off', full_page_writes: 'off' } })
  project.provide('database_url', url)
  return async () => {
    await stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
