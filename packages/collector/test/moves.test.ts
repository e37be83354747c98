import { expect } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { nextChunk } from '../src/store/chunks.ts'
import { storeEvents } from '../src/store/events.ts'
import { beginRound, movedTables, noteCopy, notePosition } from '../src/store/moves.ts'
import { deliveryOf, row } from './deliveries.ts'
import { tell } from './faults-world.ts'
import { test } from './query-world.ts'

test('a table that holds something of a site is told what becomes of it when the site moves', async () => {
  const { url, drop } = await migratedDatabase()
  const tables = await tell<{ name: string }>(
    url,
    `select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid
     where attname = 'site' and relkind in ('r', 'p') and not relispartition
       and relnamespace = 'public'::regnamespace
     order by relname`,
  )
  await drop()
  expect(tables.map(({ name }) => name)).toEqual(Object.keys(movedTables).toSorted())
})

test('a round ends while the site goes on storing: what came meanwhile is left to the next', async ({ world }) => {
  const { database } = world
  const { id: site } = await world.settle('UTC', [])
  await noteCopy(database, { site, database: 'eu2', afresh: true })
  const came = async () => void (await storeEvents(database, deliveryOf(row(site, new Date()))))

  /** Copies a round; before each look for more, an event comes. */
  const round = async (): Promise<number> => {
    let progress = await beginRound(database, site, 'eu2')
    for (let copied = 0; ; copied += 1) {
      await came()
      expect(copied).toBeLessThan(10)
      const { last } = await nextChunk(database, { site, progress, events_max: 1 })
      await notePosition(database, { site, database: 'eu2', position: last })
      if (last === null) return copied
      progress = { ...progress, position: last }
    }
  }
  for (let event = 0; event < 3; event++) await came()
  expect(await round()).toBe(3)
  const second = await round() // four came while the first looked four times, and perhaps some that it had copied before
  expect(second).toBeGreaterThanOrEqual(4)
  expect(second).toBeLessThanOrEqual(7)
})
