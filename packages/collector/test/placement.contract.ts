import { erasureReceipt } from '@balise/shared/privacy/erasure'
import { answer as answerShape } from '@balise/shared/stats/answer'
import type { Batch } from '@balise/shared/wire/envelope'
import { accepted } from '@balise/shared/wire/reply'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Platform, PlatformOptions } from '../../../test/setup/platforms.ts'
import { twoDatabases } from '../../../test/setup/two-databases.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { createTokenFor } from '../../cli/src/token.ts'
import { firefox, pageView } from './batches.ts'
import { tell } from './faults-world.ts'

/** What a collector does whose sites live on two databases, seen from outside. */
export const placementContract = (runtime: string, start: (options: PlatformOptions) => Promise<Platform>) =>
  describe(`a collector on ${runtime} whose site lives on another database`, () => {
    let base: Awaited<ReturnType<typeof twoDatabases>>
    let running: Platform
    let token: string

    beforeAll(async () => {
      base = await twoDatabases({ demo_on: 'eu2' })
      const { home, eu2 } = base.databases
      await saveSiteAs(home, { key: 'neighbour' })
      token = await createTokenFor(home, { site: 'demo', scopes: ['query', 'privacy'], label: 'test' })
      running = await start({ database_url: home, others: { eu2 } })
    })
    afterAll(async () => {
      await running.stop()
      await base.drop()
    })

    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(running.url + path, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'user-agent': firefox, ...headers },
        body: JSON.stringify(body),
      })
    const send = (site: string, path: string, given: Partial<Batch> = {}, headers: Record<string, string> = {}) => {
      const events = [pageView(new Date(), `https://shop.example${path}`)]
      return post('/v1/events', { site, sent_at: Date.now(), consent: 'anonymous', events, ...given }, headers)
    }
    const eventsOn = async (path: string) => {
      const question = {
        site: 'demo',
        date_range: '7d',
        metrics: ['events'],
        filters: ['is', 'event:path', [path]],
        include: ['refused'],
      }
      const response = await post('/v1/query', question, { authorization: `Bearer ${token}` })
      const { results, meta } = answerShape.parse(await response.json())
      return { events: results[0]?.metrics[0], refused: meta.refused }
    }
    const soon = (claim: () => Promise<void>) => vi.waitFor(claim, { timeout: 15_000, interval: 100 })
    const countIn = async (name: 'home' | 'eu2', table: string) => {
      const [row] = await tell<{ count: number }>(base.databases[name], `select count(*)::int as count from ${table}`)
      return row?.count
    }

    test('keeps its events, its counts and its keys there and nowhere else, and answers from there', async () => {
      const response = await send('demo', '/there')
      expect(accepted.parse(await response.json())).toMatchObject({ accepted: 1 })
      await send('demo', '/bot', {}, { 'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)' })
      await soon(async () => expect(await eventsOn('/there')).toEqual({ events: 1, refused: { bot: 1 } }))
      for (const table of ['events', 'pages', 'refusals', 'site_day_shares']) {
        expect(await countIn('home', table), table).toBe(0)
        expect(await countIn('eu2', table), table).toBeGreaterThan(0)
      }
    })

    test('keeps those of its neighbour at home', async () => {
      await send('neighbour', '/here')
      await soon(async () => expect(await countIn('home', 'events')).toBe(1))
      expect(await countIn('eu2', "events where site <> (select id from sites where key = 'demo')")).toBe(0)
    })

    test('erases a person there', async () => {
      await send('demo', '/forget-me', { consent: 'analytics', visitor: 'D'.repeat(43) })
      await soon(async () => expect(await eventsOn('/forget-me')).toMatchObject({ events: 1 }))
      const response = await post('/v1/privacy/erasures', { site: 'demo', visitor: 'D'.repeat(43) })
      expect(erasureReceipt.parse(await response.json())).toMatchObject({ erased: { events: 1 }, suppressed: 1 })
      expect(await eventsOn('/forget-me')).toMatchObject({ events: 0 })
    })

    test('folds there', async () => {
      await send('demo', '/fold')
      await soon(async () => {
        await running.scheduled?.()
        expect(await countIn('eu2', "rollups where dimension = 'event:path' and value = '/fold'")).toBe(1)
      })
    })

    test('is told of a database by its name, and goes on without it', async () => {
      const eu2 = new URL(base.databases.eu2).pathname.slice(1)
      await tell(base.databases.home, `alter database ${eu2} allow_connections false`)
      await tell(base.databases.home, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${eu2}'`)
      const before = (await countIn('home', 'events')) ?? 0
      const health = await (await fetch(`${running.url}/health`)).json()
      expect(health).toMatchObject({
        ok: false,
        parts: {
          database: { ok: true },
          rollups: { ok: true },
          'database:eu2': { ok: false, detail: expect.stringContaining('DATABASES') },
          'rollups:eu2': { ok: false },
        },
      })
      expect((await send('neighbour', '/while-away')).status).toBe(202)
      await soon(async () => {
        await running.scheduled?.()
        expect(await countIn('home', "rollups where dimension = 'event:path' and value = '/while-away'")).toBe(1)
      })
      expect(await countIn('home', 'events')).toBe(before + 1)
      await tell(base.databases.home, `alter database ${eu2} allow_connections true`)
      await soon(async () => expect((await fetch(`${running.url}/health`)).status).toBe(200))
      expect((await send('demo', '/back')).status).toBe(202)
      await soon(async () => expect(await eventsOn('/back')).toMatchObject({ events: 1 }))
    })
  })
