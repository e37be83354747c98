import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { health } from '@balise/shared/health'
import { problem } from '@balise/shared/problem'
import { accepted } from '@balise/shared/wire/reply'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  batchOf,
  expectStored,
  idsIn,
  machine,
  mortalPostgres,
  type NodeSettings,
  send,
  spoolOf,
  startLoad,
  startMortalNode,
  tell,
} from './faults-world.ts'

const idsOf = (events: { id: string }[]) => events.map(({ id }) => id)

let postgres: Awaited<ReturnType<typeof mortalPostgres>>
let home: ReturnType<typeof machine>

beforeAll(async () => {
  postgres = await mortalPostgres({ max_connections: '30' })
  home = machine(postgres.url)
})
afterAll(async () => {
  await postgres.remove()
  home.remove()
})
beforeEach(() => tell(postgres.url, 'truncate events, dead_letters'))

describe('a collector on Node that has a spool', { timeout: 120_000 }, () => {
  let node: Awaited<ReturnType<typeof startMortalNode>>
  let settings: NodeSettings

  beforeAll(async () => {
    settings = home.settings()
    node = await startMortalNode(settings)
  })
  afterAll(() => node.stop())

  /** The site and its day's key are in memory once a batch came through. */
  const warm = async (): Promise<string[]> => {
    const events = batchOf(1)
    expect((await send(node.url, events))?.status).toBe(202)
    return idsOf(events)
  }
  const aside = async () =>
    (await tell<{ id: string }>(postgres.url, 'select id from dead_letters order by id')).map(({ id }) => id)
  const spooled = () => readdirSync(settings.SPOOL_DIR).filter((name) => name.endsWith('.spool'))
  const drained = () => vi.waitFor(() => expect(spooled()).toEqual([]), { timeout: 30_000, interval: 50 })

  test('loses and doubles nothing when Postgres is killed under load and started again', async () => {
    const load = startLoad(() => node.url)
    await load.more(100)
    await postgres.kill()
    await load.more(200)
    expect((await spoolOf(node.url)).detail).toMatch(/^[1-9]\d* deliveries wait/)
    await postgres.startAgain()
    await drained()
    await load.more(100)
    await load.stop()
    expect([...load.statuses.keys()]).toEqual([202])
    await expectStored(postgres.url, load.sent)
    expect(await spoolOf(node.url)).toEqual({ ok: true, detail: '0 deliveries wait in 0 bytes.' })
  })

  test('stores what it had accepted when it was killed itself, and cuts what it had only begun to keep', async () => {
    const first = await warm()
    await postgres.stop()
    const load = startLoad(() => node.url)
    await load.more(200)
    await node.kill()
    const acknowledged = [...load.acknowledged]
    const [newest = ''] = spooled().toReversed()
    const path = join(settings.SPOOL_DIR, newest)
    appendFileSync(path, readFileSync(path).subarray(0, 50))

    node = await startMortalNode(settings)
    expect((await send(node.url, batchOf(1)))?.status).toBe(503) // it has forgotten the day's key, and nothing else
    await postgres.startAgain()
    await drained()
    expect(await idsIn(postgres.url)).toEqual(expect.arrayContaining([...first, ...acknowledged]))
    await load.stop()
    await expectStored(postgres.url, [...first, ...load.sent])
  })

  test('stores each event once when it is killed again and again while it drains', async () => {
    const first = await warm()
    const load = startLoad(() => node.url)
    for (let time = 0; time < 3; time++) {
      await tell(
        postgres.url,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'balise'",
      )
      await load.more(50)
      await node.kill()
      node = await startMortalNode(settings)
    }
    await load.stop()
    await expectStored(postgres.url, [...first, ...load.sent])
  })

  test('goes on when somebody holds every connection', async () => {
    const load = startLoad(() => node.url)
    await load.more(50)
    const held = await holdAllConnections(postgres.url)
    await load.more(200)
    expect(load.statuses.get(503)).toBeUndefined()
    await Promise.all(held.map((client) => client.end()))
    await drained()
    await load.stop()
    await expectStored(postgres.url, load.sent)
  })

  test('goes on when somebody holds the table, and when a statement takes longer than a visitor waits', async () => {
    const load = startLoad(() => node.url)
    await load.more(50)
    const holder = new pg.Client({ connectionString: postgres.url })
    await holder.connect()
    await holder.query('begin; lock table events in access exclusive mode')
    await load.more(200)
    expect([...load.statuses.keys()]).toEqual([202])
    await holder.query('rollback')
    await holder.end()
    await drained()
    await load.stop()
    await expectStored(postgres.url, load.sent)
  })

  test('takes events all the while a migration is applied', async () => {
    const load = startLoad(() => node.url)
    await load.more(100)
    const owner = new pg.Client({ connectionString: postgres.url })
    await owner.connect()
    await owner.query('begin')
    await owner.query('alter table events add column weather text')
    await load.more(100)
    await owner.query("alter table events alter column weather set default 'sunny'")
    await owner.query('commit')
    await load.more(100)
    await owner.query('alter table events drop column weather')
    await owner.end()
    await load.stop()
    expect([...load.statuses.keys()]).toEqual([202])
    await expectStored(postgres.url, load.sent)
  })

  test('sets aside what the database can never take, says so, and stores what stands around it', async () => {
    const first = await warm()
    await tell(postgres.url, "alter table pages add constraint no_poison check (path <> '/poison')")
    await postgres.stop()
    const [before, poison, after] = [batchOf(3), batchOf(2), batchOf(4)]
    for (const event of poison) event.url = 'https://shop.example/poison'
    for (const events of [before, poison, after]) {
      const response = await send(node.url, events)
      expect(accepted.parse(await response?.json())).toEqual({ accepted: events.length, refused: [] })
    }
    await postgres.startAgain()
    await drained()
    await expectStored(postgres.url, idsOf([...before, ...after]).concat(first))
    expect(await aside()).toEqual(idsOf(poison).toSorted())
    const { parts } = health.parse(await (await fetch(`${node.url}/health`)).json())
    expect(parts).toMatchObject({
      database: { ok: true, events_set_aside: 2 },
      spool: { ok: true, detail: '0 deliveries wait in 0 bytes.' },
    })

    // While Postgres is there, the same at once.
    const [good] = batchOf(1)
    const [bad] = batchOf(1).map((event) => ({ ...event, url: 'https://shop.example/poison' }))
    if (!good || !bad) throw new Error('a batch of one has one')
    expect(accepted.parse(await (await send(node.url, [good, bad]))?.json())).toMatchObject({
      accepted: 2,
      refused: [],
    })
    await expectStored(postgres.url, idsOf([...before, ...after, good]).concat(first))
    expect(await aside()).toEqual(idsOf([...poison, bad]).toSorted())
    await tell(postgres.url, 'alter table pages drop constraint no_poison')
  })

  test('keeps nothing by which a visitor could be found', async () => {
    await warm()
    await postgres.stop()
    expect((await send(node.url, batchOf(2)))?.status).toBe(202)
    const kept = spooled().map((name) => readFileSync(join(settings.SPOOL_DIR, name), 'utf8'))
    expect(kept.join()).toContain('shop.example')
    expect(kept.join()).not.toMatch(/127\.0\.0\.1|::1|::ffff|Mozilla/)
    await postgres.startAgain()
  })

  test('refuses a second process on the same folder', async () => {
    await expect(startMortalNode(settings)).rejects.toThrow('ended before it told its address')
  })
})

describe('a collector on Node whose spool is small', { timeout: 120_000 }, () => {
  let node: Awaited<ReturnType<typeof startMortalNode>>

  beforeAll(async () => {
    const little = { SPOOL_BYTES_MAX: '200000', NODE_OPTIONS: '--max-old-space-size=80' }
    node = await startMortalNode(home.settings(little))
  })
  afterAll(() => node.stop())

  const manyRefused = (load: ReturnType<typeof startLoad>) =>
    vi.waitFor(() => expect(load.statuses.get(503)).toBeGreaterThan(40), { timeout: 30_000, interval: 50 })
  const healthy = () =>
    vi.waitFor(async () => expect((await fetch(`${node.url}/health`)).status).toBe(200), { timeout: 10_000 })

  test('refuses with 503 and Retry-After what neither place can keep, and takes it later', async () => {
    const load = startLoad(() => node.url)
    await load.more(20)
    await postgres.kill()
    await manyRefused(load)

    const refused = await send(node.url, batchOf(20)) // larger than any gap that is left
    expect(refused?.status).toBe(503)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(problem.parse(await refused?.json())).toMatchObject({ code: 'unavailable' })
    expect(await spoolOf(node.url)).toMatchObject({ ok: false, detail: expect.stringContaining('SPOOL_BYTES_MAX') })

    await postgres.startAgain()
    await load.stop()
    await expectStored(postgres.url, load.sent)
    await healthy()
  })

  test('lives through a database that takes ten seconds for a statement, in 80 MB, and recovers', async () => {
    const load = startLoad(() => node.url, 20)
    await load.more(20)
    await tell(postgres.url, slowly)
    await manyRefused(load)
    await tell(postgres.url, quickly)
    await load.stop()
    expect([...load.statuses.keys()].toSorted()).toEqual([202, 503])
    await expectStored(postgres.url, load.sent)
    await healthy()
  })
})

const slowly = `
  alter function store_events(json) rename to store_events_quickly;
  create function store_events(batch json) returns table (id uuid, outcome text) language plpgsql as $$
  begin
    perform pg_sleep(10);
    return query select * from store_events_quickly(batch);
  end $$`

const quickly = `
  drop function store_events(json);
  alter function store_events_quickly(json) rename to store_events`

/** Takes every connection there is, the collector's own included. */
const holdAllConnections = async (url: string): Promise<pg.Client[]> => {
  const held: pg.Client[] = []
  const first = new pg.Client({ connectionString: url })
  await first.connect()
  held.push(first)
  for (;;) {
    await first.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'balise'")
    const client = new pg.Client({ connectionString: url })
    const took = await client.connect().then(
      () => true,
      (failure: { code?: string }) => {
        if (failure.code === '53300') return false // too_many_connections
        throw failure
      },
    )
    if (took) held.push(client)
    else if (await isAlone(first)) return held
  }
}

const isAlone = async (client: pg.Client): Promise<boolean> => {
  const { rows } = await client.query("select 1 from pg_stat_activity where application_name = 'balise'")
  return rows.length === 0
}
