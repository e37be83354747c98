import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import type { EventRow } from '../src/ingest/row.ts'
import { openDeadLetters } from '../src/spool/dead-letters.ts'
import { recordOf } from '../src/spool/record.ts'
import type { Database } from '../src/store/database.ts'
import { erase } from '../src/store/erasures.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { forgottenAmong } from '../src/store/suppressions.ts'
import { deliveryOf, row } from './deliveries.ts'
import { folderOf } from './faults-world.ts'

const amina = '00000000-0000-4000-8000-00000000000a'
const bela = '00000000-0000-4000-8000-00000000000b'

let base: Awaited<ReturnType<typeof migratedDatabase>>
let database: Database
let place: ReturnType<typeof folderOf>

beforeAll(async () => {
  base = await migratedDatabase()
  database = openPostgres({ url: base.url, connections_max: 2, statement_ms_max: 10_000, onBreak: () => {} })
})
afterAll(async () => {
  await database.destroy()
  await base.drop()
})
beforeEach(() => {
  place = folderOf('dead')
})
afterEach(() => place.remove())

const of = (given: Partial<EventRow>) => row(base.site.id, new Date(), given)
const forgetAmina = () => erase(database, { site: base.site, subject: 'visitor', subjects: [amina], asked_by: null })
const left = () => readdirSync(place.folder).map((name) => readFileSync(join(place.folder, name), 'utf8'))

/** What lies in `dead/` after a person was forgotten, and what it is said to hold. */
const afterForgetting = async (...files: EventRow[][]) => {
  const dead = await openDeadLetters(place.folder)
  for (const [index, events] of files.entries())
    await dead.add(`000000000${index}-0.spool`, recordOf(deliveryOf(...events)))
  await forgetAmina()
  await dead.forget((events) => forgottenAmong(database, events))
  return { files: left(), held: dead.held() }
}

test('who was forgotten leaves what was set aside, and nobody else does', async () => {
  const [hers, his] = [of({ visitor: amina }), of({ visitor: bela })]
  const { files, held } = await afterForgetting([hers, his])
  expect(files).toHaveLength(1)
  expect(files[0]).toContain(his.id)
  expect(files[0]).not.toContain(hers.id)
  expect(files[0]).not.toContain(amina)
  expect(held.files).toBe(1)
})

test.each<[string, Partial<EventRow>]>([
  ['their visitor', { visitor: amina }],
  ['the visitor they may have been yesterday', { visitor: bela, visitor_before: amina }],
  ['their account', { visitor: bela, user: amina }],
])('a file goes where all that is in it has %s', async (_, given) => {
  expect(await afterForgetting([of(given)])).toEqual({ files: [], held: { files: 0, bytes: 0 } })
})

test('what holds no keyed id at all is left, and keeps nobody else back', async () => {
  const broken = of({ visitor: 'no uuid' })
  const { files } = await afterForgetting([broken], [of({ visitor: amina })])
  expect(files).toHaveLength(1)
  expect(files[0]).toContain(broken.id)
})

test('a file is what it was where nobody in it was forgotten', async () => {
  const record = recordOf(deliveryOf(of({ visitor: bela })))
  const dead = await openDeadLetters(place.folder)
  await dead.add('0000000001-0.spool', record)
  await dead.forget((events) => forgottenAmong(database, events))
  expect(left()).toEqual([record.toString('utf8')])
})
