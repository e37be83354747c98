import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { health } from '@balise/shared/health'
import { accepted } from '@balise/shared/wire/reply'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestHarness } from 'wrangler'
import { root } from '../../../dev/command.ts'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { pepper } from '../../cli/src/pepper.ts'
import { createGateway } from '../../neon-gateway/src/gateway.ts'
import type { Delivery } from '../src/ingest/row.ts'
import { deliveryOf, row } from './deliveries.ts'
import { batchOf, expectStored, folderOf, send, tell } from './faults-world.ts'

const retries_max = 1
/** The first try, the second two seconds later, and a second to spare. */
const given_up_after_ms = 3_000

/** Beside the collector: it puts messages into its queue, as often as it is told. */
const onlooker = `
  export default {
    async fetch(request, { DELIVERIES }) {
      await DELIVERIES.send(await request.json())
      return new Response()
    },
  }`

const onlookerConfig = `
name = "onlooker"
main = "onlooker.mjs"
compatibility_date = "2026-11-01"

[[queues.producers]]
binding = "DELIVERIES"
queue = "balise-deliveries"`

/** The Worker of `wrangler.toml`, whose queue is quicker to give up, and the onlooker. */
const startWatchedWorkerd = async (database_url: string) => {
  const { folder, remove } = folderOf('watched')
  let gateway = await createGateway({ database_url })
  const { port } = gateway
  const config = readFileSync(join(root, 'wrangler.toml'), 'utf8')
    .replace(/^main = "(.+)"$/m, (_, main: string) => `main = ${JSON.stringify(join(root, main))}`)
    .replace(/^directory = ".+"$/m, `directory = ${JSON.stringify(folder)}`)
    .replace('max_retries = 10\n', `max_retries = ${retries_max}\n`)
  writeFileSync(join(folder, 'collector.toml'), config)
  writeFileSync(join(folder, 'onlooker.toml'), onlookerConfig)
  writeFileSync(join(folder, 'onlooker.mjs'), onlooker)
  const server = createTestHarness({
    root: folder,
    workers: [
      {
        configPath: 'collector.toml',
        vars: { NEON_ENDPOINT: `${gateway.url}/sql` },
        secrets: { DATABASE_URL: gateway.database_url, PEPPERS: pepper() },
      },
      { configPath: 'onlooker.toml' },
    ],
  })
  const { url } = await server.listen()
  const beside = server.getWorker('onlooker')
  return {
    url: url.origin,
    enqueue: async (delivery: Delivery): Promise<void> => {
      await beside.fetch('/', { method: 'POST', body: JSON.stringify(delivery) })
    },
    loseDatabase: () => gateway.close(),
    findDatabase: async (): Promise<void> => {
      gateway = await createGateway({ database_url, port })
    },
    stop: async (): Promise<void> => {
      await server.close()
      await gateway.close()
      remove()
    },
  }
}

describe('a collector on workerd', { timeout: 120_000 }, () => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  let workerd: Awaited<ReturnType<typeof startWatchedWorkerd>>

  beforeAll(async () => {
    base = await migratedDatabase()
    workerd = await startWatchedWorkerd(base.url)
  })
  afterAll(async () => {
    await workerd.stop()
    await base.drop()
  })

  test('stores a message once that its queue delivers twice, together or later', async () => {
    const events = Array.from({ length: 3 }, () => row(base.site.id, new Date()))
    const ids = events.map(({ id }) => id)
    await Promise.all([workerd.enqueue(deliveryOf(...events)), workerd.enqueue(deliveryOf(...events))])
    await expectStored(base.url, ids)
    const last = row(base.site.id, new Date())
    await workerd.enqueue(deliveryOf(...events))
    await workerd.enqueue(deliveryOf(last))
    await expectStored(base.url, [...ids, last.id])
  })

  test('sets an event aside that can never be stored, and stores all others, those of its message too', async () => {
    await tell(base.url, 'truncate events')
    await tell(base.url, "alter table pages add constraint no_poison check (path <> '/poison')")
    const batches = Array.from({ length: 12 }, () => batchOf(2))
    const [good] = batchOf(1)
    const [bad] = batchOf(1).map((event) => ({ ...event, url: 'https://shop.example/poison' }))
    if (!good || !bad) throw new Error('a batch of one has one')
    const poison = [good, bad]
    const answers = await Promise.all([...batches, poison].map((events) => send(workerd.url, events)))
    for (const answer of answers) expect(accepted.parse(await answer?.json())).toEqual({ accepted: 2, refused: [] })

    await expectStored(
      base.url,
      [...batches.flat(), good].map(({ id }) => id),
    )
    await vi.waitFor(
      async () => expect(await tell(base.url, 'select id from dead_letters')).toEqual([{ id: bad.id }]),
      { timeout: 15_000, interval: 100 },
    )
    const { parts } = health.parse(await (await fetch(`${workerd.url}/health`)).json())
    expect(parts['database']).toEqual({ ok: true, events_set_aside: 1 })
  })

  test('stores what its queue gave up on in an outage, once the database is back', async () => {
    await tell(base.url, 'truncate events')
    const event = row(base.site.id, new Date())
    await workerd.loseDatabase()
    await workerd.enqueue(deliveryOf(event))
    await sleep(given_up_after_ms)
    await workerd.findDatabase()
    await expectStored(base.url, [event.id])
  })
})
