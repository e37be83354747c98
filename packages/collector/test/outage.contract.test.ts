import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { health } from '@balise/shared/health'
import { problem } from '@balise/shared/problem'
import pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startPostgres } from '../../../dev/postgres/postgres.ts'
import { startNode, startWorkerd } from '../../../test/setup/platforms.ts'
import { migrate } from '../../cli/src/migrate.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { firefox, pageView } from './batches.ts'

describe('when Postgres goes away', () => {
  const undo: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  /** A Postgres of its own that can be stopped and started again where it was. */
  const ownPostgres = async () => {
    const dir = mkdtempSync(join(tmpdir(), 'balise-outage-'))
    let server = await startPostgres({ dir })
    undo.push(async () => {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    })
    const { url, port } = server
    await migrate({ database_url: url })
    await saveSiteAs(url, { key: 'demo' })
    return {
      url,
      stop: () => server.stop(),
      startAgain: async () => {
        server = await startPostgres({ dir, port })
      },
    }
  }

  const stored = async (url: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from events')
    await client.end()
    return rows[0]?.count
  }

  const batchOf = (count: number) =>
    JSON.stringify({
      site: 'demo',
      sent_at: Date.now(),
      consent: 'anonymous',
      events: Array.from({ length: count }, () => pageView(new Date())),
    })
  const post = (url: string, body: string) =>
    fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'user-agent': firefox },
      body,
    })

  test('Node refuses what it cannot store, says when to come back, and then takes it once', async () => {
    const postgres = await ownPostgres()
    const node = await startNode({ database_url: postgres.url })
    undo.push(node.stop)
    const first = batchOf(3)
    expect((await post(node.url, first)).status).toBe(202)

    await postgres.stop()
    const second = batchOf(4)
    const refused = await post(node.url, second)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(problem.parse(await refused.json())).toEqual({ code: 'unavailable', status: 503, title: expect.any(String) })
    const sick = await fetch(`${node.url}/health`)
    expect(sick.status).toBe(503)
    expect(health.parse(await sick.json()).parts['database']).toMatchObject({ ok: false })

    await postgres.startAgain()
    expect((await post(node.url, second)).status).toBe(202)
    expect(await (await post(node.url, first)).json()).toMatchObject({ accepted: 0, duplicate: 3 })
    expect(await stored(postgres.url)).toBe(7)
    expect((await fetch(`${node.url}/health`)).status).toBe(200)
  })

  test('workerd keeps what it accepted in its queue, and stores it once', async () => {
    const postgres = await ownPostgres()
    const workerd = await startWorkerd({ database_url: postgres.url })
    undo.push(workerd.stop)
    expect((await post(workerd.url, batchOf(3))).status).toBe(202)
    await vi.waitFor(async () => expect(await stored(postgres.url)).toBe(3), { timeout: 10_000, interval: 100 })

    await postgres.stop()
    const during = batchOf(4)
    expect((await post(workerd.url, during)).status).toBe(202)
    expect((await post(workerd.url, during)).status).toBe(202)
    await new Promise((later) => setTimeout(later, 2_000)) // the queue tries, and fails, at least once

    await postgres.startAgain()
    await vi.waitFor(async () => expect(await stored(postgres.url)).toBe(7), { timeout: 30_000, interval: 200 })
  })
})
