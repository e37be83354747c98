import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../../demo/build.ts'
import { createTokenFor } from '../../packages/cli/src/token.ts'
import type { Answer } from '../../packages/shared/src/stats/answer.ts'
import type { Question } from '../../packages/shared/src/stats/query.ts'
import { migratedDatabase } from './migrated-database.ts'
import type { Platform, PlatformOptions } from './platforms.ts'

/** The demo shop on a platform and a database of its own, and a way to ask what it counted in the last days. */
export type Shop = {
  url: string
  token: string
  /** Each row as one list: what it is of, then its numbers. */
  ask: (question: Pick<Question, 'metrics'> & Partial<Question>) => Promise<(string | number | null)[][]>
  close: () => Promise<void>
}

/** Opens the shop. Its site refuses bots, as any site does unless told otherwise. */
export const openShop = async (start: (options: PlatformOptions) => Promise<Platform>): Promise<Shop> => {
  const base = await migratedDatabase()
  const token = await createTokenFor(base.url, { site: 'demo', scopes: ['query'], label: 'test' })
  const assets = mkdtempSync(join(tmpdir(), 'balise-demo-'))
  await build(assets)
  writeFileSync(join(assets, 'demo.json'), JSON.stringify({ site: 'demo', token }))
  const { url, stop } = await start({ database_url: base.url, assets })
  return {
    url,
    token,
    async ask(question) {
      const response = await fetch(`${url}/v1/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        // Seven days, so that midnight changes nothing.
        body: JSON.stringify({ site: 'demo', date_range: '7d', ...question }),
      })
      const { results } = (await response.json()) as Answer
      return results.map(({ dimensions, metrics }) => [...dimensions, ...metrics])
    },
    async close() {
      await stop()
      await base.drop()
      rmSync(assets, { recursive: true, force: true })
    },
  }
}
