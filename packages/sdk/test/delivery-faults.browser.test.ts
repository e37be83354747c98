import { afterAll, beforeAll, expect, test } from 'vitest'
import { faults } from '../../../bench/delivery/faults.ts'
import { meet, type Person } from '../../../bench/delivery/person.ts'
import { openStage } from '../../../bench/delivery/stage.ts'
import { runTrial } from '../../../bench/delivery/trial.ts'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'

let base: Awaited<ReturnType<typeof migratedDatabase>>
let stage: Awaited<ReturnType<typeof openStage>>
let person: Person

beforeAll(async () => {
  base = await migratedDatabase()
  stage = await openStage(base.url, 'demo')
  person = meet()
})
afterAll(async () => {
  await person.leave()
  await stage.stop()
  await base.drop()
})

// A page that is closed within milliseconds of telling more than it may leave in flight, and a browser that is killed 100 ms
// after, race with the disk: `bench/delivery` shows the odds. What is on the disk is certain.
const races = [
  '110 events of 1 kB told, tab closed',
  'browser SIGKILL 100 ms after',
  'page at rest, browser SIGKILL 100 ms after',
  'offline, browser SIGKILL 100 ms after',
]
const certain = faults.filter(({ name }) => !races.includes(name))

test.each(certain)('where storage is allowed, every event is stored exactly once: $name', async (fault) => {
  const { told, returned, stored, early } = await runTrial(fault, 'analytics', stage.setting, person)
  expect({ returned, stored, early }).toEqual({ returned: told, stored: told, early: 0 })
})

test.each(certain.filter(({ peers, needs_storage }) => peers && !needs_storage))(
  'where storage is forbidden, every event is delivered without a return visit: $name',
  async (fault) => {
    const { told, delivered, early } = await runTrial(fault, 'anonymous', stage.setting, person)
    expect({ delivered, early }).toEqual({ delivered: told, early: 0 })
  },
)
