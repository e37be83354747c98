import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beside, build, here, sourceName, sources } from '../build.ts'
import { type Size, sizesOf } from '../size.ts'
import type * as api from '../src/api.ts'

/** The package as it would be published: what `npm pack` takes from here, in a folder of its own. */
let folder: string
let sizes: Size[]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'balise-package-'))
  await build(join(folder, 'dist'))
  for (const name of ['README.md', 'LICENSE']) copyFileSync(here(name), join(folder, name))
  const { scripts: _, ...manifest } = JSON.parse(readFileSync(here('package.json'), 'utf8'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, devDependencies: {} }))
  sizes = await sizesOf(join(folder, 'dist'))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const packed = (...args: string[]) =>
  JSON.parse(
    execFileSync('npm', ['pack', '--json', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }).toString(),
  )

describe('the package', () => {
  test('holds what is needed and nothing else', () => {
    const [{ files }] = packed('--dry-run')
    expect(files.map(({ path }: { path: string }) => path).sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        ...[...beside, ...sources].flatMap((name) => [`dist/balise-${name}.js`, `dist/balise-${name}.js.map`]),
        'dist/balise.js',
        'dist/balise.js.map',
        'dist/balise.js.sri',
        'dist/index.d.ts',
        'dist/index.js',
        'dist/index.js.map',
        'dist/sources/api.d.ts',
        ...['platform', ...sources].flatMap((name) =>
          ['d.ts', 'js', 'js.map'].map((end) => `dist/sources/${name}.${end}`),
        ),
        'dist/vitals.d.ts',
        'dist/vitals.js',
        'dist/vitals.js.map',
        'dist/web-vitals.LICENSE.txt',
        'package.json',
      ].sort(),
    )
  })

  test('is what publint takes for a sound package', async () =>
    expect((await publint({ pkgDir: folder, pack: false })).messages).toEqual([]))

  test('has types that are right for who imports it', async () => {
    const [{ filename }] = packed()
    const checked = await checkPackage(createPackageFromTarballData(readFileSync(join(folder, filename))))
    const problems = checked.types ? checked.problems : ['no types']
    // An ES module cannot be required before Node 22, and `./balise.js` is a script for a tag, not for an import.
    const known = ['CJSResolvesToESM', 'NoResolution', 'UntypedResolution']
    expect(problems.filter((problem) => typeof problem === 'string' || !known.includes(problem.kind))).toEqual([])
  })

  test('has types that need nobody else’s', () => {
    expect(read('dist/index.d.ts')).not.toMatch(/\bimport\b.*from|require\(/)
    expect(read('dist/index.d.ts')).toBe(readFileSync(here('src/api.ts'), 'utf8'))
  })

  test('does nothing on a server, and throws nothing', async () => {
    const sdk: typeof api = await import(join(folder, 'dist/index.js'))
    const balise = sdk.createBalise({ site: 'demo', endpoint: 'https://stats.example', capture: [sdk.contacts()] })
    sdk.countPageViews({ site: 'demo', endpoint: 'https://stats.example' })
    balise.track('signup')
    balise.consent.set('marketing')
    balise.stop()
    await balise.flush()
    expect([balise.consent.get(), await balise.forget()]).toEqual(['none', null])
  })

  test('gives every name its types promise, and no other', async () => {
    const promised = [...read('dist/index.d.ts').matchAll(/^export declare const (\w+)/gm)].map(([, name]) => name)
    expect(Object.keys(await import(join(folder, 'dist/index.js'))).sort()).toEqual(promised.sort())
  })

  test.each(['platform', ...sources])('gives the source %s by its name, also on a server', async (file) => {
    expect(Object.keys(await import(join(folder, `dist/sources/${file}.js`)))).toEqual([sourceName(file)])
    expect(read(`dist/sources/${file}.d.ts`)).toContain(`export { ${sourceName(file)} }`)
    expect(read('dist/sources/api.d.ts')).toContain(`export declare const ${sourceName(file)}:`)
  })

  test('names the hash of its script', () =>
    expect(read('dist/balise.js.sri').trim()).toBe(
      `sha384-${createHash('sha384').update(read('dist/balise.js')).digest('base64')}`,
    ))

  test('needs no more of a browser than ES2020', () => {
    execFileSync('npx', ['tsc', '-p', here('src')], { stdio: 'pipe' })
    expect(read('dist/balise.js')).not.toMatch(/\?\?=|\|\|=|&&=|static\{|#\w+[=;(]/)
  }, 60_000)

  test('holds no zod', () => expect(read('dist/balise.js') + read('dist/index.js')).not.toMatch(/zod/i))
})

describe('what a page loads', () => {
  test('is within its bounds', () => {
    for (const { what, bytes, bytes_max } of sizes) expect(bytes, what).toBeLessThanOrEqual(bytes_max)
  })

  test('is what the README says', () => {
    const readme = readFileSync(here('README.md'), 'utf8').replace(/ +/g, ' ')
    for (const { what, bytes } of sizes) expect(readme).toContain(`| ${what} | ${bytes.toLocaleString('en')} |`)
  })
})
