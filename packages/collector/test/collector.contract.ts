import { readFileSync } from 'node:fs'
import { health } from '@balise/shared/health'
import { erasureReceipt } from '@balise/shared/privacy/erasure'
import { problem } from '@balise/shared/problem'
import { answer as answerShape } from '@balise/shared/stats/answer'
import type { Question } from '@balise/shared/stats/query'
import type { Batch } from '@balise/shared/wire/envelope'
import { accepted } from '@balise/shared/wire/reply'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { createTokenFor } from '../../cli/src/token.ts'
import { firefox, pageView } from './batches.ts'
import { tell } from './faults-world.ts'

/** A collector that listens. */
export type Running = { url: string; scheduled?: () => Promise<void>; stop: () => Promise<void> }

const secret = 'B'.repeat(43)

/** What every collector does, seen from outside, on a real server with a real Postgres behind it. */
export const collectorContract = (runtime: string, start: (database_url: string) => Promise<Running>) =>
  describe(`a collector on ${runtime}`, () => {
    let base: Awaited<ReturnType<typeof migratedDatabase>>
    let running: Running
    let query_token: string
    let privacy_token: string

    beforeAll(async () => {
      base = await migratedDatabase('Africa/Douala')
      await saveSiteAs(base.url, { key: 'fenced', hosts: ['shop.example'] })
      query_token = await createTokenFor(base.url, { site: 'demo', scopes: ['query'], label: 'test' })
      privacy_token = await createTokenFor(base.url, { site: 'demo', scopes: ['privacy'], label: 'test' })
      running = await start(base.url)
    })
    afterAll(async () => {
      await running.stop()
      await base.drop()
    })

    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(running.url + path, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'user-agent': firefox, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    const batchOf = (events: unknown[], given: Partial<Batch> = {}) => ({
      site: 'demo',
      sent_at: Date.now(),
      consent: 'anonymous',
      ...given,
      events,
    })
    const send = async (events: unknown[], given: Partial<Batch> = {}, headers: Record<string, string> = {}) => {
      const response = await post('/v1/events', batchOf(events, given), headers)
      expect(response.status).toBe(202)
      return accepted.parse(await response.json())
    }
    const ask = async (question: Partial<Question>) => {
      const whole = { site: 'demo', date_range: 'day', metrics: ['events'], ...question }
      const response = await post('/v1/query', whole, { authorization: `Bearer ${query_token}` })
      expect(response.status).toBe(200)
      return answerShape.parse(await response.json()).results
    }
    /** What the site's answer becomes, once what was accepted has come to rest. */
    const eventsOn = (path: string, count: number) =>
      vi.waitFor(
        async () =>
          expect(await ask({ filters: ['is', 'event:path', [path]] })).toEqual([{ dimensions: [], metrics: [count] }]),
        { timeout: 15_000, interval: 100 },
      )
    const viewOf = (path: string) => pageView(new Date(), `https://shop.example${path}`)
    const problemOf = async (response: Response) => {
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      return { http: response.status, ...problem.parse(await response.json()) }
    }

    test('is healthy, part by part', async () => {
      const response = await fetch(`${running.url}/health`)
      expect(health.parse(await response.json())).toMatchObject({
        ok: true,
        parts: { database: { ok: true }, keys: { ok: true } },
      })
      expect(response.status).toBe(200)
    })

    test('tells how far its rollups are behind and why, does its other jobs all the same, and counts the failure', async () => {
      const rollups = async () => health.parse(await (await fetch(`${running.url}/health`)).json()).parts['rollups']
      const dead = async () => tell(base.url, "select from site_day_shares where other_share = 'dead'")
      await tell(base.url, 'alter function fold_step rename to fold_step_away')
      await tell(
        base.url,
        "insert into site_day_shares select id, '2020-01-01', decode(repeat('00', 32), 'hex'), 'dead', now() from sites where key = 'demo'",
      )
      await vi.waitFor(
        async () => {
          await running.scheduled?.()
          expect(await rollups()).toMatchObject({ last_failure: { code: '42883' } })
          expect(await dead()).toEqual([])
        },
        { timeout: 25_000, interval: 250 },
      )
      expect(Object.keys((await rollups()) ?? {})).toEqual(['ok', 'lag_seconds', 'events_waiting', 'last_failure'])
      expect(await (await fetch(`${running.url}/metrics`)).text()).toMatch(
        /balise_jobs_failed_total\{job="fold"\} [1-9]/,
      )

      await tell(base.url, 'alter function fold_step_away rename to fold_step')
      await vi.waitFor(
        async () => {
          await running.scheduled?.()
          expect(await rollups()).toEqual({ ok: true, lag_seconds: 0, events_waiting: 0 })
        },
        { timeout: 25_000, interval: 250 },
      )
    }, 60_000)

    // The clock strikes every ten seconds at most, so it would not do four times.
    test('folds what it stored, again and again, without waiting for its clock', { timeout: 25_000 }, async () => {
      for (const nth of [1, 2, 3, 4]) {
        const folded = () =>
          tell(base.url, `select from rollups where dimension = 'event:path' and value like '/soon-${nth}-%'`)
        await vi.waitFor(
          async () => {
            // Who sends once more asks for one more fold: that of the first may be under way, or just over.
            await send([viewOf(`/soon-${nth}-${Date.now()}`)])
            expect(await folded()).not.toEqual([])
          },
          { timeout: 25_000, interval: 500 },
        )
      }
    })

    test('answers a question about what it accepted', async () => {
      const reply = await send([
        viewOf('/one'),
        viewOf('/two'),
        { ...viewOf('/two'), kind: 'contact', channel: 'phone' },
      ])
      expect(reply).toMatchObject({ accepted: 3, refused: [] })
      await eventsOn('/two', 2)
      expect(
        await ask({
          metrics: ['visitors', 'visits', 'page_views', 'events'],
          dimensions: ['event:path'],
          filters: ['is', 'event:path', ['/one', '/two']],
          order_by: [['event:path', 'asc']],
        }),
      ).toEqual([
        { dimensions: ['/one'], metrics: [1, 1, 1, 1] },
        { dimensions: ['/two'], metrics: [1, 1, 1, 2] },
      ])
    })

    test('counts the same batch posted five times at once, once', async () => {
      const batch = batchOf(Array.from({ length: 10 }, () => viewOf('/five-times')))
      const replies = await Promise.all(Array.from({ length: 5 }, () => post('/v1/events', batch)))
      expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202])
      await send([viewOf('/after-five-times')])
      await eventsOn('/after-five-times', 1)
      await eventsOn('/five-times', 10)
    })

    test('keeps the good events of a batch and names the bad one', async () => {
      const bad = { ...viewOf('/good'), address: '10.0.0.1' }
      const reply = await send([viewOf('/good'), bad])
      expect(reply).toMatchObject({ accepted: 1 })
      expect(reply.refused).toEqual([{ id: bad.id, reason: 'invalid', detail: 'address: unknown key' }])
      await eventsOn('/good', 1)
    })

    test('stores text that Postgres cannot hold, without what it cannot hold', async () => {
      const text = 'half a \ud83d and \u0000 none, whole 😀, and \\u0000 in words'
      const event = { ...viewOf('/odd?ref=%00spring'), title: text, props: { ['\udc00plan']: text } }
      expect(await send([event, viewOf('/odd')])).toMatchObject({ accepted: 2, refused: [] })
      await eventsOn('/odd', 2)
      const held = 'half a  and  none, whole 😀, and \\u0000 in words'
      const rows = await tell(
        base.url,
        'select title, props from events join pages on pages.id = page where props is not null and path = $$/odd$$',
      )
      expect(rows).toEqual([{ title: held, props: { plan: held } }])
      for (const path of ['/v1/events', '/v1/privacy/erasures']) {
        const given =
          path === '/v1/events'
            ? batchOf([viewOf('/')], { site: 'no\u0000body' })
            : { site: 'no\u0000body', visitor: secret }
        expect(await problemOf(await post(path, given))).toMatchObject({ http: 403, code: 'unknown_site' })
      }
    })

    test('turns away automata, by name and counted', async () => {
      const reply = await send(
        [viewOf('/bot')],
        {},
        { 'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)' },
      )
      expect(reply).toMatchObject({ accepted: 0, refused: [{ reason: 'bot' }] })
      await vi.waitFor(
        async () => {
          const question = { site: 'demo', date_range: 'day', metrics: ['events'], include: ['refused'] }
          const response = await post('/v1/query', question, { authorization: `Bearer ${query_token}` })
          expect(answerShape.parse(await response.json()).meta.refused).toMatchObject({ bot: 1 })
        },
        { timeout: 15_000, interval: 100 },
      )
    })

    test.each<[says: string, path: string, body: unknown, headers: Record<string, string>, code: string, http: number]>(
      [
        ['a body that is no JSON', '/v1/events', '{"site":', {}, 'unreadable', 400],
        ['an empty body', '/v1/events', '', {}, 'unreadable', 400],
        ['JSON that is no batch', '/v1/events', [], {}, 'invalid', 400],
        ['a batch without events', '/v1/events', batchOf([]), {}, 'invalid', 400],
        ['101 events', '/v1/events', batchOf(Array.from({ length: 101 }, () => 1)), {}, 'invalid', 400],
        [
          'a form',
          '/v1/events',
          'site=demo',
          { 'content-type': 'application/x-www-form-urlencoded' },
          'unsupported_type',
          415,
        ],
        ['more than 64 KiB', '/v1/events', 'x'.repeat(65_537), {}, 'too_large', 413],
        ['an unknown site', '/v1/events', batchOf([1], { site: 'nobody' }), {}, 'unknown_site', 403],
        [
          'a page of another site',
          '/v1/events',
          batchOf([1], { site: 'fenced' }),
          { origin: 'https://evil.example' },
          'origin_not_allowed',
          403,
        ],
        [
          'no page at all for a fenced site',
          '/v1/events',
          batchOf([1], { site: 'fenced' }),
          {},
          'origin_not_allowed',
          403,
        ],
        ['a question without a token', '/v1/query', {}, {}, 'unauthorized', 401],
        [
          'a question with a token nobody made',
          '/v1/query',
          {},
          { authorization: 'Bearer bls_x' },
          'unauthorized',
          401,
        ],
        ['an unknown address', '/v1/nothing', {}, {}, 'not_found', 404],
        [
          'erasing a user without a token',
          '/v1/privacy/erasures',
          { site: 'demo', user: 'amina' },
          {},
          'unauthorized',
          401,
        ],
        ['erasing without saying whom', '/v1/privacy/erasures', { site: 'demo' }, {}, 'invalid', 400],
      ],
    )('turns away %s', async (_says, path, body, headers, code, http) => {
      expect(await problemOf(await post(path, body, headers))).toMatchObject({ http, code, status: http })
    })

    test('lets a subdomain of a named host send', async () => {
      const from = { origin: 'https://www.shop.example' }
      expect(await send([viewOf('/fenced')], { site: 'fenced' }, from)).toMatchObject({ accepted: 1 })
    })

    test('lets a token do only what it is for', async () => {
      const question = { site: 'demo', date_range: 'day', metrics: ['events'] }
      const with_query = { authorization: `Bearer ${query_token}` }
      const with_privacy = { authorization: `Bearer ${privacy_token}` }
      expect(await problemOf(await post('/v1/query', question, with_privacy))).toMatchObject({ code: 'forbidden' })
      expect(await problemOf(await post('/v1/query', { ...question, site: 'fenced' }, with_query))).toMatchObject({
        code: 'forbidden',
      })
      const user = { site: 'demo', user: 'amina' }
      expect(await problemOf(await post('/v1/privacy/erasures', user, with_query))).toMatchObject({ code: 'forbidden' })
    })

    test('names the field of a question that is wrong, and what is allowed', async () => {
      const question = { site: 'demo', date_range: 'day', metrics: ['users'] }
      const turned = await problemOf(await post('/v1/query', question, { authorization: `Bearer ${query_token}` }))
      expect(turned.errors?.[0]).toMatchObject({ field: 'metrics.0', allowed: expect.arrayContaining(['visitors']) })
    })

    test('answers another method with what is allowed', async () => {
      const response = await fetch(`${running.url}/v1/events`)
      expect(response.headers.get('allow')).toBe('POST, OPTIONS')
      expect(await problemOf(response)).toMatchObject({ code: 'method_not_allowed', http: 405 })
    })

    test('lets pages of any origin read its answers, and preflight', async () => {
      const origin = 'https://shop.example'
      const preflight = await fetch(`${running.url}/v1/query`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
      expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
      for (const [path, status] of [
        ['/v1/events', 400],
        ['/v1/nowhere', 404],
      ] as const) {
        const response = await post(path, 'x', { origin })
        expect(response.status).toBe(status)
        expect(response.headers.get('access-control-allow-origin')).toBe('*')
        expect(response.headers.get('access-control-expose-headers')).toBe('retry-after')
      }
    })

    test('counts what it turned away, by code', async () => {
      await post('/v1/events', 'no json')
      expect(await (await fetch(`${running.url}/metrics`)).text()).toMatch(
        /balise_requests_refused_total\{code="unreadable"\} \d+/,
      )
    })

    test('forgets a visitor who holds their secret; a late retry stays out', async () => {
      const known = { consent: 'analytics' as const, visitor: secret }
      const event = viewOf('/forget-me')
      await send([event, viewOf('/forget-me')], known)
      await eventsOn('/forget-me', 2)

      const response = await post('/v1/privacy/erasures', { site: 'demo', visitor: secret })
      expect(response.status).toBe(200)
      const text = await response.text()
      expect(erasureReceipt.parse(JSON.parse(text))).toMatchObject({
        site: 'demo',
        subject: 'visitor',
        erased: { events: 2 },
        suppressed: 1,
      })
      expect(text).not.toContain(secret)
      await eventsOn('/forget-me', 0)

      await send([event, viewOf('/forget-me')], known)
      await send([viewOf('/after-forget-me')])
      await eventsOn('/after-forget-me', 1)
      await eventsOn('/forget-me', 0)
    })

    test('forgets a user for whoever may, and the audit log names nobody', async () => {
      const signed_in = { consent: 'marketing' as const, visitor: 'C'.repeat(43), user: 'amina@shop.example' }
      await send([viewOf('/user')], signed_in)
      await eventsOn('/user', 1)
      const response = await post(
        '/v1/privacy/erasures',
        { site: 'demo', user: 'amina@shop.example' },
        { authorization: `Bearer ${privacy_token}` },
      )
      expect(erasureReceipt.parse(await response.json())).toMatchObject({ subject: 'user', erased: { events: 1 } })
      await eventsOn('/user', 0)
    })

    test('holds nothing that says who a visitor was', async () => {
      const client = new pg.Client({ connectionString: base.url })
      await client.connect()
      const { rows } = await client.query<{ name: string }>(
        "select oid::regclass::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
      )
      let held = ''
      for (const { name } of rows) {
        const table = await client.query<{ text: string }>(`select t::text as text from ${name} as t`)
        held += table.rows.map(({ text }) => text).join('\n')
      }
      await client.end()
      expect(held).toContain('/five-times')
      for (const trace of ['127.0.0.1', '::1', 'Mozilla', secret, 'amina']) expect(held).not.toContain(trace)
    })

    test('takes the golden batch', async () => {
      const batch = JSON.parse(readFileSync(new URL('../../shared/fixtures/batch.json', import.meta.url), 'utf8'))
      const moved = batch.events.map((event: { at: number }) => ({ ...event, at: Date.now() - 1_000 }))
      expect(await send(moved, { page: batch.page, session: batch.session })).toMatchObject({
        accepted: 5,
        refused: [],
      })
      await eventsOn('/p/1', 5)
    })
  })
