import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createParts } from '../../dev/parts.ts'
import { pepper } from '../../packages/cli/src/pepper.ts'
import { build } from '../../packages/sdk/build.ts'
import { startNode } from '../../test/setup/platforms.ts'
import { openRelay } from './relay.ts'

/** What every trial of a run shares. */
export type Setting = {
  script: Buffer
  site: string
  collector_url: string
  /** A collector of its own whose database can be taken away; it has no spool, so it must refuse what it cannot store. */
  stranded: { collector_url: string; cut: (is: boolean) => void }
  /** The names of the stored events that begin so, each as often as it is stored. */
  names: (beginning: string) => Promise<string[]>
}

/** Builds the SDK, and starts what trials need beside the migrated database at `database_url` with its `site`. */
export const openStage = async (
  database_url: string,
  site: string,
): Promise<{ setting: Setting; stop: () => Promise<void> }> => {
  const parts = createParts()
  const eyes = new pg.Pool({ connectionString: database_url })
  // An idle connection that breaks is replaced; a question that fails says so itself.
  eyes.on('error', ({ message }) => console.error(message))
  await parts.add('eyes', { stop: () => eyes.end() })
  // For our own looking alone: thousands of trials leave hundreds of thousands of names.
  await eyes.query('create index if not exists delivery_names on actions (name text_pattern_ops)')
  // Both name visitors by the same keys, as two processes of one operator do.
  const shares = mkdtempSync(join(tmpdir(), 'balise-shares-'))
  await parts.add('shares', { stop: () => rmSync(shares, { recursive: true, force: true }) })
  const shared = { peppers: pepper(), settings: { LIMITS: 'off', SHARES_DIR: shares } }
  const collector = await parts.add('collector', startNode({ database_url, ...shared }))
  const relay = await parts.add('relay', openRelay(database_url))
  const stranded = await parts.add('stranded collector', startNode({ database_url: relay.url, ...shared }))

  const folder = mkdtempSync(join(tmpdir(), 'balise-sdk-'))
  await build(folder)
  const script = readFileSync(join(folder, 'balise.js'))
  rmSync(folder, { recursive: true })

  const names = async (beginning: string): Promise<string[]> => {
    const { rows } = await eyes.query<{ name: string }>(
      `select name from events join actions on actions.site = events.site and actions.id = events.action
       where name like $1`,
      [`${beginning}%`],
    )
    return rows.map(({ name }) => name)
  }
  return {
    setting: {
      script,
      site,
      collector_url: collector.url,
      stranded: { collector_url: stranded.url, cut: relay.cut },
      names,
    },
    stop: parts.stop,
  }
}
