import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, answer as answerShape } from '@balise/shared/stats/answer'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { root } from '../../../dev/command.ts'
import { guard } from '../../../dev/guard.ts'
import { twoDatabases } from '../../../test/setup/two-databases.ts'
import { checkAllRollups } from '../../cli/src/rollups.ts'
import { createTokenFor } from '../../cli/src/token.ts'
import { machine, startLoad, startMortalNode, tell } from './faults-world.ts'

type Base = Awaited<ReturnType<typeof twoDatabases>>

/** `balise site move demo --to …` in a process of its own, as an operator runs it. */
const startMove = ({ databases: { home, ...others } }: Base, to: string) => {
  const child = spawn(process.execPath, ['packages/cli/src/main.ts', 'site', 'move', 'demo', '--to', to], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: home, DATABASES: JSON.stringify(others) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  guard(child, 'TERM')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }))
  /** The mover has told so many lines of what it did, or has ended. */
  const hasTold = async (lines: number) => {
    while (child.exitCode === null && said.split('\n').length <= lines) await sleep(1)
  }
  return { ended, hasTold, kill: () => child.kill('SIGKILL') }
}

const move = async (base: Base, to: string): Promise<void> => {
  const { code, said } = await startMove(base, to).ended
  expect(code, said).toBe(0)
  expect(said).toContain(`site demo lives on ${to}`)
}

/** Tables that hold something of the site in a database, beside the directory's own. */
const leftIn = async (url: string, site: number): Promise<string[]> => {
  const tables = await tell<{ name: string }>(
    url,
    `select table_name as name from information_schema.columns join information_schema.tables using (table_name)
     where column_name = 'site' and table_type = 'BASE TABLE' and table_name not like 'events\\__%' order by 1`,
  )
  const held: string[] = []
  for (const { name } of tables) {
    const [row] = await tell<{ count: number }>(url, `select count(*)::int as count from ${name} where site = ${site}`)
    if (row && row.count > 0) held.push(name)
  }
  return held
}

const idsIn = async (url: string): Promise<string[]> =>
  (await tell<{ id: string }>(url, 'select id::text from events order by id')).map(({ id }) => id)

describe('a site that is moved while its visitors send', { timeout: 240_000 }, () => {
  let base: Base
  let home: ReturnType<typeof machine>
  let node: Awaited<ReturnType<typeof startMortalNode>>
  let token: string
  let sent: string[] = []

  beforeAll(async () => {
    base = await twoDatabases()
    home = machine(base.databases.home)
    token = await createTokenFor(base.databases.home, { site: 'demo', scopes: ['query', 'privacy'], label: 'test' })
    node = await startMortalNode(home.settings({ DATABASES: JSON.stringify({ eu2: base.databases.eu2 }) }))
  })
  afterAll(async () => {
    await node.stop()
    home.remove()
    await base.drop()
  })

  const ask = async (given: object): Promise<Answer['results']> => {
    const response = await fetch(`${node.url}/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ site: 'demo', date_range: '7d', ...given }),
    })
    expect(response.status).toBe(200)
    return answerShape.parse(await response.json()).results
  }
  const questions = [
    { metrics: ['visitors', 'visits', 'page_views', 'events', 'bounce_rate', 'visit_duration'] },
    { metrics: ['visitors', 'events'], dimensions: ['time:day'] },
    { metrics: ['visitors', 'visits', 'events'], dimensions: ['event:path'] },
    { metrics: ['visits'], dimensions: ['visit:browser'] },
    // The same from raw events.
    { metrics: ['visitors', 'visits', 'page_views', 'events'], filters: ['is_not', 'event:kind', ['']] },
  ]
  const answers = () => Promise.all(questions.map(ask))

  /** Every event that was sent is in one place, once, and nothing of the site anywhere else. */
  const expectAllOn = async (name: 'home' | 'eu2', sent: string[]) => {
    const other = name === 'home' ? 'eu2' : 'home'
    await vi.waitFor(async () => expect((await idsIn(base.databases[name])).length).toBe(sent.length), {
      timeout: 30_000,
      interval: 100,
    })
    expect(await idsIn(base.databases[name])).toEqual(sent.toSorted())
    expect(await checkAllRollups(base.databases, 'demo')).toBe('rollups equal raw events: demo')
    expect(await leftIn(base.databases[other], base.site.id)).toEqual(other === 'home' ? ['tokens'] : [])
  }

  test('there and back, twice, loses no event, doubles none, and answers the same', async () => {
    const letter = [{ id: 'a letter', failure: 'why' }]
    await tell(
      base.databases.home,
      `insert into dead_letters (site, id, visitor, event, failure) values (${base.site.id}, 'a letter', '', '{}', 'why')`,
    )
    const load = startLoad(() => node.url, 2)
    await load.more(300)
    for (const to of ['eu2', 'home', 'eu2', 'home']) {
      await move(base, to)
      await load.more(50)
    }
    await load.stop()
    await expectAllOn('home', load.sent)
    expect([...load.statuses.keys()]).toEqual([202]) // what could not be written was held in the spool

    const before = await answers()
    expect(before[0]?.[0]?.metrics[3]).toBe(load.sent.length)
    expect(before[4]?.[0]?.metrics).toEqual(before[0]?.[0]?.metrics.slice(0, 4))
    await move(base, 'eu2')
    expect(await answers()).toEqual(before)
    await expectAllOn('eu2', load.sent)
    expect(await tell(base.databases.eu2, 'select id, failure from dead_letters')).toEqual(letter)
    await move(base, 'home')
    sent = load.sent
  })

  test('by a mover that is killed again and again', async () => {
    const load = startLoad(() => node.url, 2)
    await load.more(500)
    let killed = 0
    for (const to of ['eu2', 'home', 'eu2']) {
      for (const told of [1, 1, 2, 3]) {
        const moving = startMove(base, to)
        await moving.hasTold(told)
        await sleep(Math.random() * 40)
        moving.kill()
        if ((await moving.ended).code === null) killed += 1
      }
      await move(base, to)
      await load.more(20)
    }
    await load.stop()
    expect(killed).toBeGreaterThanOrEqual(6)
    expect([...load.statuses.keys()]).toEqual([202])
    await expectAllOn('eu2', [...sent, ...load.sent])
    expect((await ask(questions[0] ?? {}))[0]?.metrics[3]).toBe(sent.length + load.sent.length)
  })
})
