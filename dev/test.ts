import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { ensureChromium } from './chromium.ts'
import { command, root } from './command.ts'
import { type Counts, countOf, countsOf, lineOf, sumOf, type VitestReport } from './counts.ts'
import { types } from './types.ts'

/** Biome takes CI for a terminal with colours. */
const colors = process.stdout.isTTY ? 'force' : 'off'
const lint = ['ci', '--error-on-warnings', '--diagnostic-level=warn', `--colors=${colors}`, '.']

type Check = { name: string; run(): Promise<Counts> }

/** `npm test`: every check there is, one after the other. `npm test -- some/path`: only the tests in those files. */
export async function main(paths: string[]): Promise<number> {
  process.env['CHROMIUM_PATH'] = ensureChromium()
  const built: Check = { name: 'build', run: async () => countOf(await build()) }
  const tests: Check = { name: 'tests', run: () => vitest(paths) }
  const checks: Check[] = [
    built,
    { name: 'types', run: async () => countOf((await types()).length === 0) },
    { name: 'lint and format', run: async () => countOf((await command('biome', lint)) === 0) },
    { name: 'unused code', run: async () => countOf((await command('knip', ['--no-config-hints'])) === 0) },
    tests,
  ]
  const counts: Counts[] = []
  for (const check of paths.length > 0 ? [built, tests] : checks) counts.push(await timed(check))
  const sum = sumOf(counts)
  console.log(`\n${lineOf(sum)}`)
  return sum.failed > 0 ? 1 : 0
}

async function timed({ name, run }: Check): Promise<Counts> {
  console.log(`\n── ${name}`)
  const started = performance.now()
  const counts = await run()
  const took_s = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`── ${name}: ${counts.failed > 0 ? 'FAILED' : 'ok'} in ${took_s} s`)
  return counts
}

async function vitest(paths: string[]): Promise<Counts> {
  const file = join(root, '.balise', `vitest-${process.pid}.json`)
  mkdirSync(join(root, '.balise'), { recursive: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const exit_code = await command('vitest', ['run', ...reporters, ...paths])
  const report: VitestReport | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  rmSync(file, { force: true })
  return countsOf({ exit_code, report })
}
