import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { getPlatformProxy } from 'wrangler'
import { type Binding, createPlatformLimiter } from '../src/limits/platform-limiter.ts'
import { allowContract } from './allow.contract.ts'

const limit = 10
const period_seconds = 10
const config = `
name = "limits"
compatibility_date = "2026-11-01"
ratelimits = [{ name = "LIMIT", namespace_id = "1", simple = { limit = ${limit}, period = ${period_seconds} } }]`

const folder = mkdtempSync(join(tmpdir(), 'balise-limits-'))
let platform: Awaited<ReturnType<typeof getPlatformProxy<{ LIMIT: Binding }>>>

beforeAll(async () => {
  const configPath = join(folder, 'wrangler.toml')
  writeFileSync(configPath, config)
  platform = await getPlatformProxy<{ LIMIT: Binding }>({ configPath, persist: false })
})
afterAll(async () => {
  await platform.dispose()
  rmSync(folder, { recursive: true, force: true })
})

allowContract("a Worker's binding", async () => ({
  allow: createPlatformLimiter({ binding: platform.env.LIMIT, period_seconds, nameOf: async (key) => `named ${key}` }),
  limit,
  wait: (seconds) => sleep(seconds * 1_000),
}))
