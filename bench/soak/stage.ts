import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pepper } from '@balise/cli/pepper'
import { createTokenFor } from '@balise/cli/token'
import { root } from '../../dev/command.ts'
import { createParts } from '../../dev/parts.ts'
import { startPostgres } from '../../dev/postgres/postgres.ts'
import { type Base, makeBase } from '../ingest/base.ts'
import { startedOnNode } from '../ingest/started.ts'

/** A collector on Node as people run it, with its spool, and a Postgres that waits for the disk. */
export type SoakStage = {
  base: Base
  url: string
  token: string
  collector: { pid: number }
  postgres: { pid: number }
  stop: () => Promise<void>
}

/** Starts both, with nothing in the database. */
export const openSoakStage = async (): Promise<SoakStage> => {
  mkdirSync(join(root, '.balise'), { recursive: true })
  const dir = mkdtempSync(join(root, '.balise', 'soak-'))
  const parts = createParts()
  await parts.add('folder', { stop: () => rmSync(dir, { recursive: true, force: true }) })
  const server = await parts.add('Postgres', startPostgres({ dir }))
  const postgres = { pid: Number(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]) }

  const base = await makeBase(server.url, 'soak')
  await parts.add('the eye', { stop: () => base.eye.end() })
  await base.eye.query('create extension pgstattuple')
  const token = await createTokenFor(base.url, { site: base.site.key, scopes: ['query', 'privacy'], label: 'soak' })
  const collector = await parts.add(
    'the collector',
    startedOnNode({
      DATABASE_URL: base.url,
      PEPPERS: pepper(),
      SHARES_DIR: join(dir, 'shares'),
      SPOOL_DIR: join(dir, 'spool'),
      PORT: '0',
      ADDRESS_HEADER: 'x-real-ip',
      LIMITS: 'off',
    }),
  )
  return { base, url: collector.urls[0] ?? '', token, collector, postgres, stop: parts.stop }
}
