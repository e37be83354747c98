import { problem } from '@balise/shared/problem'
import { answer as answerShape } from '@balise/shared/stats/answer'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { type Platform, type PlatformOptions, startNode, startWorkerd } from '../../../test/setup/platforms.ts'
import { saveSiteAs } from '../../cli/src/site.ts'
import { createTokenFor } from '../../cli/src/token.ts'
import { firefox, pageView } from './batches.ts'

const runtimes: { runtime: string; start: (options: PlatformOptions) => Promise<Platform>; header: string }[] = [
  {
    runtime: 'Node',
    header: 'x-real-ip',
    start: (options) =>
      startNode({ ...options, settings: { ADDRESS_HEADER: 'x-real-ip', EVENTS_PER_SECOND_MAX: '400' } }),
  },
  {
    runtime: 'workerd',
    header: 'cf-connecting-ip',
    start: (options) => startWorkerd({ ...options, limit_max: 40 }),
  },
]

describe.each(runtimes)('a collector that is flooded on $runtime', ({ start, header }) => {
  let base: Awaited<ReturnType<typeof migratedDatabase>>
  let running: Platform
  let query_token: string
  let privacy_token: string
  let other_token: string
  let addresses = 1

  beforeAll(async () => {
    base = await migratedDatabase()
    await saveSiteAs(base.url, { key: 'flooded' })
    await saveSiteAs(base.url, { key: 'small', events_per_day_max: 10 })
    query_token = await createTokenFor(base.url, { site: 'small', scopes: ['query'], label: 'test' })
    other_token = await createTokenFor(base.url, { site: 'demo', scopes: ['query'], label: 'test' })
    privacy_token = await createTokenFor(base.url, { site: 'demo', scopes: ['privacy'], label: 'test' })
    running = await start({ database_url: base.url })
  })
  afterAll(async () => {
    await running.stop()
    await base.drop()
  })

  const newAddress = () => `203.0.113.${addresses++}`
  const post = (path: string, body: unknown, headers: Record<string, string>) =>
    fetch(running.url + path, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'user-agent': firefox, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const batchOf = (site: string, events: unknown[]) => ({ site, sent_at: Date.now(), consent: 'anonymous', events })
  const views = (count: number) => Array.from({ length: count }, () => pageView(new Date()))
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  /** Asks on until it is told to wait, ten at once and at most `asked_max` times. Answers the refusal. */
  const flood = async (ask: () => Promise<Response>, asked_max: number) => {
    for (let asked = 0; asked < asked_max; asked += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, ask))
      const refused = answers.find(({ status }) => status === 429)
      if (refused) return refused
      for (const answered of answers) await answered.text()
    }
    throw new Error(`never told to wait, after ${asked_max} requests`)
  }
  const told = async (response: Response) => ({
    ...problem.parse(await response.json()),
    retry_after_seconds: Number(response.headers.get('retry-after')),
  })
  const waitTold = (code: string) => ({ code, status: 429, retry_after_seconds: expect.toSatisfy((s) => s >= 1) })
  const metrics = async () => (await fetch(`${running.url}/metrics`)).text()

  test('turns away an address before it reads what it sends, and no other one', async () => {
    const address = { [header]: newAddress() }
    const refused = await flood(() => post('/v1/events', 'no json', address), 1_200)
    expect(await told(refused)).toMatchObject(waitTold('too_many_requests'))
    expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after')
    expect((await post('/v1/events', batchOf('demo', views(1)), { [header]: newAddress() })).status).toBe(202)
    expect(await metrics()).toMatch(/refused_total\{code="too_many_requests",limit="batches"\} [1-9]/)
  })

  test('turns away a site that sends too fast from everywhere, and none of its neighbours', async () => {
    const batch = batchOf('flooded', Array(100).fill({}))
    const refused = await flood(() => post('/v1/events', batch, { [header]: newAddress() }), 1_200)
    expect(await told(refused)).toMatchObject(waitTold('too_many_requests'))
    const neighbour = await post('/v1/events', batchOf('demo', views(2)), { [header]: newAddress() })
    expect(neighbour.status).toBe(202)
    expect(await metrics()).toMatch(/refused_total\{code="too_many_requests",limit="events"\} [1-9]/)
  })

  test('takes the quota of a day to its last event, then tells when to come back, and counts by name', async () => {
    const send = (events: unknown[]) => post('/v1/events', batchOf('small', events), { [header]: newAddress() })
    expect((await send(views(6))).status).toBe(202)
    expect((await send([...views(2), { bad: 1 }])).status, 'what is refused is not off the quota').toBe(202)
    expect(await told(await send(views(3)))).toMatchObject(waitTold('quota_exceeded'))
    expect((await send(views(2))).status).toBe(202)
    expect(await told(await send(views(1)))).toMatchObject(waitTold('quota_exceeded'))
    expect(await metrics()).toMatch(/refused_total\{code="quota_exceeded",limit="events_per_day"\} [1-9]/)

    const question = { site: 'small', date_range: 'day', metrics: ['events'], include: ['refused'] }
    await running.scheduled?.()
    await vi.waitFor(
      async () => {
        const response = await post('/v1/query', question, { ...bearer(query_token), [header]: newAddress() })
        const { results, meta } = answerShape.parse(await response.json())
        expect(results).toEqual([{ dimensions: [], metrics: [10] }])
        expect(meta.refused?.quota_exceeded).toBeGreaterThanOrEqual(3)
      },
      { timeout: 20_000, interval: 500 },
    )
  })

  test.each([
    ['an address that guesses tokens', '/v1/query', () => bearer(`bls_${addresses++}`), () => '203.0.114.1'],
    ['a token that asks from everywhere', '/v1/query', () => bearer(query_token), newAddress],
    ['an address that erases', '/v1/privacy/erasures', () => ({}), () => '203.0.114.2'],
    ['a token that erases from everywhere', '/v1/privacy/erasures', () => bearer(privacy_token), newAddress],
  ])('turns away %s', async (_who, path, headers, address) => {
    const body = path === '/v1/query' ? '{}' : { site: 'demo', user: 'amina' }
    const refused = await flood(() => post(path, body, { ...headers(), [header]: address() }), 600)
    expect(await told(refused)).toMatchObject(waitTold('too_many_requests'))
  })

  test.each([
    ['a list in a list', '['.repeat(30_000)],
    ['a filter in a filter', `{"filters":${'["not",'.repeat(30_000)}1${']'.repeat(30_000)}}`],
  ])('turns away %s, thirty thousand deep, by name', async (_what, body) => {
    const asked = await post('/v1/query', body, { ...bearer(other_token), [header]: newAddress() })
    expect(problem.parse(await asked.json())).toMatchObject({ code: 'too_deep', status: 400 })
  })
})
