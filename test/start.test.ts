import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../dev/port.ts'
import { uuidv7 } from '../packages/sdk/src/uuid.ts'
import { type Checkout, copyCheckout, processesIn } from './setup/checkout.ts'
import type { Running } from './setup/running.ts'

let checkout: Checkout
beforeAll(() => {
  checkout = copyCheckout()
})
afterAll(() => checkout.remove())

let running: Running | undefined
afterEach(async () => {
  running?.interrupt()
  await running?.ended
})

const runs_at = /^Balise runs at (http:\S+)$/
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

async function start(): Promise<{ url: string; npm: Running }> {
  running = checkout.npm(['start'], { PORT: '0' })
  return { url: await running.said(runs_at), npm: running }
}

async function visit(url: string): Promise<number> {
  const at = Date.now()
  const event = { id: uuidv7(at), kind: 'page_view', at, url: 'https://shop.example/' }
  const batch = { site: 'demo', sent_at: at, consent: 'anonymous', events: [event] }
  const headers = { 'content-type': 'text/plain', 'user-agent': firefox }
  const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(batch) })
  return response.status
}

function development(): { url: string; site: string; token: string } {
  return JSON.parse(readFileSync(join(checkout.dir, '.balise', 'dev.json'), 'utf8'))
}

async function pageViews(): Promise<unknown> {
  const { url, site, token } = development()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ site, date_range: 'all', metrics: ['page_views'] })
  const response = await fetch(`${url}/v1/query`, { method: 'POST', headers, body })
  return response.json()
}

const counted = (page_views: number) =>
  expect.objectContaining({ results: [{ dimensions: [], metrics: [page_views] }] })

test('npm start in a clean checkout answers, Ctrl-C leaves nothing behind, and a second start still knows', async () => {
  const { url, npm } = await start()
  expect((await fetch(`${url}/health`)).status).toBe(200)
  expect((await fetch(url)).headers.get('content-type')).toMatch(/^text\/html/)
  expect(development()).toMatchObject({ url, site: 'demo' })
  expect(statSync(join(checkout.dir, '.balise', 'dev.json')).mode & 0o777).toBe(0o600)

  expect(await visit(url)).toBe(202)
  await expect.poll(pageViews, { timeout: 20_000 }).toEqual(counted(1))
  const { token } = development()

  // Accepted at the last moment: the queue is emptied before the Worker ends.
  expect(await visit(url)).toBe(202)
  npm.interrupt()
  await npm.ended
  expect(processesIn(checkout.dir)).toEqual([])
  expect(existsSync(join(checkout.dir, '.balise', 'start.lock'))).toBe(false)

  await start()
  expect(development().token).toBe(token)
  expect(await pageViews()).toEqual(counted(2))
})

test('Postgres is started again when it is killed, and what was accepted meanwhile is stored', async () => {
  const { url, npm } = await start()
  expect(await visit(url)).toBe(202) // the Worker knows the site now, and has the key of its day
  await expect.poll(pageViews, { timeout: 20_000 }).toEqual(counted(3))
  const [postmaster] = readFileSync(join(checkout.dir, '.balise/postgres/data/postmaster.pid'), 'utf8').split('\n')
  process.kill(Number(postmaster), 'SIGKILL')
  await npm.said(/^Postgres ended by itself: it is started again\.$/)
  expect(await visit(url)).toBe(202)
  await expect.poll(pageViews, { timeout: 60_000 }).toEqual(counted(4))
})

test('a second npm start in the same folder is refused in one sentence, and the first one goes on', async () => {
  const { url } = await start()
  const second = await checkout.npm(['start'], { PORT: '0' }).ended
  expect(second.output).toMatch(/^Balise already runs in this folder \(process \d+\): stop that one first\.$/m)
  expect(second.code).toBe(1)
  expect((await fetch(`${url}/health`)).status).toBe(200)
})

describe('each trouble is one sentence and leaves no process:', () => {
  const taken = createServer()
  let taken_port: number
  beforeAll(async () => {
    taken_port = await freePort()
    await once(taken.listen(taken_port, '127.0.0.1'), 'listening')
  })
  afterAll(() => taken.close())

  test.each([
    {
      trouble: 'a taken port',
      env: () => ({ PORT: String(taken_port) }),
      sentence: /^Port \d+ is taken: stop what listens there, or set PORT\.$/m,
    },
    {
      trouble: 'a port that is no port',
      env: () => ({ PORT: 'http' }),
      sentence: /^PORT is http: give 0 to 65535\.$/m,
    },
    {
      trouble: 'a database that is not there',
      env: () => ({ PORT: '0', DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/nowhere' }),
      sentence: /^The database at 127\.0\.0\.1:1\/nowhere cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1\.$/m,
    },
    {
      trouble: 'a database address that is none',
      env: () => ({ PORT: '0', DATABASE_URL: 'nowhere' }),
      sentence: /^DATABASE_URL is not an address like postgres:\/\/user:password@host\/name\.$/m,
    },
  ])('$trouble', async ({ env, sentence }) => {
    const { code, output } = await checkout.npm(['start'], env()).ended
    expect(output).toMatch(sentence)
    expect(output).not.toMatch(/^\s+at /m)
    expect(code).toBe(1)
    expect(processesIn(checkout.dir)).toEqual([])
  })
})
