import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@balise/cli/migrate'
import { moveSite } from '@balise/cli/move'
import { saveSiteAs } from '@balise/cli/site'
import { ask } from '@balise/collector/query/ask'
import { foldAll } from '@balise/collector/store/fold'
import { openPostgresDoor } from '@balise/collector/store/postgres'
import { query } from '@balise/shared/stats/query'
import pg from 'pg'
import { startPostgres } from '../dev/postgres/postgres.ts'
import { countOf } from './count-of.ts'
import { optionsIn } from './options.ts'
import { decimal, median, table, whole } from './table.ts'

const rounds = 60

/**
 * `pnpm bench:move`: moves a site to another database of the same server and back, beside a bare `insert … select` of the
 * same events, and tells for how long nobody could write. Then asks one question with and without the wall.
 */
export async function main(args: string[]): Promise<number> {
  const values = optionsIn(args, { events: { type: 'string', default: '200_000' } })
  const events = countOf(values.events)
  const dir = mkdtempSync(join(tmpdir(), 'balise-move-'))
  const server = await startPostgres({ dir })
  const client = new pg.Client({ connectionString: server.url })
  try {
    await client.connect()
    const home = await databaseNamed(client, server.url, 'home')
    const eu2 = await databaseNamed(client, server.url, 'eu2')
    const site = await saveSiteAs(home, { key: 'bench' })
    const inserted_ms = await fill(home, site.id, events)

    const rows = [['', 'events/s', 'to a bare insert', 'nobody could write, ms']]
    rows.push(['bare insert … select', whole((events * 1_000) / inserted_ms), '1', '–'])
    for (const to of ['eu2', 'home']) {
      const began_ms = performance.now()
      const { pause_ms } = await moveSite({ home, eu2 }, { key: 'bench', to, tell: () => {} })
      const ms = performance.now() - began_ms
      rows.push([`move to ${to}`, whole((events * 1_000) / ms), decimal(inserted_ms / ms), whole(pause_ms)])
    }
    console.log(table(rows))
    console.log(`\n${await wallOf(home, site)}`)
    return 0
  } finally {
    await client.end()
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

const databaseNamed = async (client: pg.Client, server_url: string, name: string): Promise<string> => {
  await client.query(`create database ${name}`)
  const url = Object.assign(new URL(server_url), { pathname: `/${name}` }).href
  await migrate({ database_url: url })
  return url
}

/** Visitors of five events each, over ten days and two hundred pages. */
const fill = async (url: string, site: number, events: number): Promise<number> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `insert into pages select $1, page, 'shop.example', '/' || page, null from generate_series(0, 199) as page`,
    [site],
  )
  await client.query(`insert into clients (site, id, browser) values ($1, 1, 'Firefox')`, [site])
  const began_ms = performance.now()
  await client.query(
    `insert into events (site, id, at, visitor, page, client, kind, known, skewed)
     select $1, (left(uuidv7_floor(at)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, at, md5((n / 5)::text)::uuid,
       n % 200, 1, 'page_view', false, false
     from generate_series(1, $2::integer) as n
     cross join lateral (select now() - interval '10 days' * n / $2) as moment (at)`,
    [site, events],
  )
  const ms = performance.now() - began_ms
  await client.query('vacuum analyze')
  await client.end()
  return ms
}

/** What the wall costs a question that rollups answer, asked in turns with one that has none. */
const wallOf = async (url: string, site: { id: number; key: string; time_zone: string }): Promise<string> => {
  const door = openPostgresDoor({ url, connections_max: 1, statement_ms_max: 60_000, onBreak: console.error })
  await foldAll(door.database, { pace_ms: 1_000, events_max: 50_000, steps_max: 1_000 })
  const question = query.parse({
    site: 'bench',
    date_range: '30d',
    metrics: ['visitors', 'page_views'],
    dimensions: ['event:path'],
  })
  const times: Record<'open' | 'walled', number[]> = { open: [], walled: [] }
  for (let round = 0; round < rounds; round++) {
    for (const [name, database] of [
      ['open', door.database],
      ['walled', door.asSite(site.id)],
    ] as const) {
      const began_ms = performance.now()
      await ask(database, site, question, new Date())
      times[name].push(performance.now() - began_ms)
    }
  }
  await door.close()
  const [open, walled] = [median(times.open), median(times.walled)]
  return `top paths of 30 days, median of ${rounds}: ${decimal(open)} ms open, ${decimal(walled)} ms behind the wall, ${decimal(walled / open)} times`
}
