import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { environment } from '../dev/command.ts'

/** BUDGETS.md, "Worker bundle, gzip": the moonshot. */
const bundle_gzip_bytes_max = 350_000

test('the Worker can be deployed as wrangler.toml says, and is small', () => {
  const out = mkdtempSync(join(tmpdir(), 'balise-deploy-'))
  mkdirSync('demo/dist', { recursive: true })
  try {
    const told = execFileSync(
      process.execPath,
      ['node_modules/wrangler/bin/wrangler.js', 'deploy', '--dry-run', '--outdir', out],
      { encoding: 'utf8', env: environment },
    )
    for (const binding of ['SHARES', 'DELIVERIES', 'BATCHES', 'EVENTS', 'QUESTIONS', 'ERASURES'])
      expect(told).toContain(binding)
    const scripts = globSync(join(out, '*.js'))
    const bytes = scripts.reduce((sum, script) => sum + gzipSync(readFileSync(script), { level: 9 }).length, 0)
    console.log(`Worker bundle: ${bytes} bytes with gzip, at most ${bundle_gzip_bytes_max}`)
    expect(scripts.length).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(bundle_gzip_bytes_max)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
})
