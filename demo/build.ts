import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build as bundle } from 'esbuild'
import { docsPages } from './build/docs-pages.ts'
import { shopFiles } from './build/shop-files.ts'

const here = import.meta.dirname
const script_tag = join(here, '..', 'packages', 'sdk', 'dist', 'balise.js')

/** What `npm start` puts beside the pages, and a build leaves alone. */
const not_ours = 'demo.json'

/** Writes `dist/`, the folder of `[assets]` in `wrangler.toml`: the shop, its panel, the docs and the built SDK. */
export async function build(): Promise<void> {
  if (!existsSync(script_tag)) throw new Error('The SDK is not built yet: run "pnpm build" in packages/sdk first.')
  const dist = join(here, 'dist')
  mkdirSync(dist, { recursive: true })
  for (const name of readdirSync(dist)) if (name !== not_ours) rmSync(join(dist, name), { recursive: true })

  await bundle({
    entryPoints: ['shop/shop.ts', 'shop/shop.css', 'panel/panel.ts', 'panel/panel.css', 'docs/docs.css'],
    absWorkingDir: here,
    entryNames: '[name]',
    outdir: dist,
    bundle: true,
    minify: true,
    format: 'iife',
    logLevel: 'warning',
  })
  const pages = { ...shopFiles(), ...docsPages(join(here, '..', 'docs')) }
  for (const [path, content] of Object.entries(pages)) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    writeFileSync(join(dist, path), content)
  }
  copyFileSync(join(here, 'shop', 'icon.svg'), join(dist, 'icon.svg'))
  for (const file of ['', '.map']) copyFileSync(script_tag + file, join(dist, `balise.js${file}`))
}

if (import.meta.main) await build()
