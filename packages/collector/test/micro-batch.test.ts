import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import type { Delivery } from '../src/ingest/row.ts'
import type { Database } from '../src/store/database.ts'
import { storeEvents } from '../src/store/events.ts'
import { createMicroBatch, Overloaded } from '../src/store/micro-batch.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { isUnavailable } from '../src/store/unavailable.ts'
import { deliveryOf, row } from './deliveries.ts'

describe('deliveries that are stored together', () => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  let database: Database
  let flooding: number

  beforeAll(async () => {
    base = await migratedDatabase()
    flooding = (await saveSiteAs(base.url, { key: 'flood' })).id
    database = openPostgres({ url: base.url, connections_max: 4, statement_ms_max: 10_000, onBreak: () => {} })
  })
  afterAll(async () => {
    await database.destroy()
    await base.drop()
  })
  beforeEach(() => database.deleteFrom('events').execute())

  const events = (site: number, count: number) =>
    deliveryOf(...Array.from({ length: count }, () => row(site, new Date())))

  /** A micro-batch of small bounds whose database answers when it is let go; it tells what was stored together. */
  const held = () => {
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>()
    const together: Delivery[] = []
    const store = async (delivery: Delivery) => {
      together.push(delivery)
      await gate
      return storeEvents(database, delivery)
    }
    const bounds = { stores_at_once_max: 1, events_per_store_max: 50, events_waiting_max: 500, patience_ms: 10 }
    return { letGo, together, deliver: createMicroBatch({ store, storeAlone: store, ...bounds }) }
  }
  const count = (outcomes: PromiseSettledResult<unknown>[]) => ({
    stored: outcomes.filter(({ status }) => status === 'fulfilled').length,
    overloaded: outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason instanceof Overloaded)
      .length,
  })

  test('are all of a neighbour while a site floods, and come before what the flood left behind', async () => {
    const { letGo, together, deliver } = held()
    const flood = Promise.allSettled(Array.from({ length: 200 }, () => deliver(events(flooding, 10))))
    const neighbour = Promise.allSettled(Array.from({ length: 20 }, () => deliver(events(base.site.id, 2))))
    letGo()
    expect(count(await neighbour)).toEqual({ stored: 20, overloaded: 0 })
    const { stored, overloaded } = count(await flood)
    expect(overloaded).toBeGreaterThan(150)
    expect(stored + overloaded).toBe(200)

    const sites = together.map((delivery) => new Set(delivery.events.map(({ site }) => site)))
    const withNeighbour = sites.filter((some) => some.has(base.site.id)).length
    expect(
      sites.findLastIndex((some) => some.has(base.site.id)),
      'after the one that was under way',
    ).toBe(withNeighbour)
    const { total } = await database
      .selectFrom('events')
      .select(({ fn }) => fn.countAll().as('total'))
      .executeTakeFirstOrThrow()
    expect(Number(total)).toBe(stored * 10 + 40)
  })

  test('go together though several could be stored at once, and wait for one that is held up no longer than they must', async () => {
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>()
    const together: Delivery[] = []
    const store = async (delivery: Delivery) => {
      together.push(delivery)
      if (delivery.events.some(({ site }) => site === flooding)) await gate
      return storeEvents(database, delivery)
    }
    const deliver = createMicroBatch({
      store,
      storeAlone: store,
      stores_at_once_max: 2,
      events_per_store_max: 50,
      events_waiting_max: 500,
      patience_ms: 10,
    })
    const held_up = deliver(events(flooding, 1))
    const others = Array.from({ length: 60 }, () => deliver(events(base.site.id, 2)))
    await Promise.all(others)
    expect(together.map((delivery) => delivery.events.length)).toEqual([1, 50, 50, 20])
    letGo()
    expect(await held_up).toEqual([])
  })

  test('are told each for itself what became of an event that comes twice at once', async () => {
    const { letGo, deliver } = held()
    const first = deliver(events(base.site.id, 1))
    const twice = events(base.site.id, 1)
    const both = [deliver(twice), deliver(twice)]
    letGo()
    expect(await first).toEqual([])
    expect((await Promise.all(both)).flat()).toEqual([{ id: twice.events[0]?.id, outcome: 'duplicate' }])
  })

  test('are stored though one among them never can be', async () => {
    const { letGo, deliver } = held()
    void deliver(events(base.site.id, 1))
    const impossible = row(base.site.id, new Date(), { session: 'no uuid' })
    const poison = deliver(deliveryOf(impossible)).catch((failure: unknown) => failure)
    const innocent = [deliver(events(base.site.id, 2)), deliver(events(flooding, 2))]
    letGo()
    expect(await Promise.all(innocent)).toEqual([[], []])
    const failure = await poison
    expect(failure).toBeInstanceOf(Error)
    expect(isUnavailable(failure)).toBe(false)
  })
})
