import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faults } from '../../../bench/delivery/faults.ts'
import { runTrial, type Setting } from '../../../bench/delivery/trial.ts'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { type Platform, startNode } from '../../../test/setup/platforms.ts'
import { build } from '../build.ts'

let base: Awaited<ReturnType<typeof migratedDatabase>>
let collector: Platform
let eyes: Pool
let setting: Setting

beforeAll(async () => {
  base = await migratedDatabase()
  collector = await startNode({ database_url: base.url })
  eyes = new Pool({ connectionString: base.url })
  const folder = mkdtempSync(join(tmpdir(), 'balise-sdk-'))
  await build(folder)
  const script = readFileSync(join(folder, 'balise.js'))
  rmSync(folder, { recursive: true })
  setting = { collector_url: collector.url, script, site: 'demo', names: storedNames }
})
afterAll(async () => {
  await eyes.end()
  await collector.stop()
  await base.drop()
})

/** The names of the stored events that begin so, each as often as it is stored. */
const storedNames = async (beginning: string): Promise<string[]> => {
  const { rows } = await eyes.query<{ name: string }>(
    `select name from events join actions on actions.site = events.site and actions.id = events.action
     where starts_with(name, $1)`,
    [beginning],
  )
  return rows.map(({ name }) => name)
}

// A page that is closed within milliseconds of telling more than it may leave in flight, and a browser that is killed 100 ms
// after, race with the disk: `bench/delivery` shows the odds. What is on the disk is certain.
const races = [
  '110 events of 1 kB told, tab closed',
  'browser SIGKILL 100 ms after',
  'offline, browser SIGKILL 100 ms after',
]
const certain = faults.filter(({ name }) => !races.includes(name))

test.each(certain)('where storage is allowed, every event is stored exactly once: $name', async (fault) => {
  const { told, returned, stored, early } = await runTrial(fault, 'analytics', setting)
  expect({ returned, stored, early }).toEqual({ returned: told, stored: told, early: 0 })
})

test.each(certain.filter(({ peers, needs_storage }) => peers && !needs_storage))(
  'where storage is forbidden, every event is delivered without a return visit: $name',
  async (fault) => {
    const { told, delivered, early } = await runTrial(fault, 'anonymous', setting)
    expect({ delivered, early }).toEqual({ delivered: told, early: 0 })
  },
)
