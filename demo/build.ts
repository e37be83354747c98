import { copyFileSync, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build as bundle } from 'esbuild'
import { docsPages } from './build/docs-pages.ts'
import { shopFiles } from './build/shop-files.ts'

const here = import.meta.dirname
const scripts = join(here, '..', 'packages', 'sdk', 'dist')

/** The folder of `[assets]` in `wrangler.toml`. */
const assets = join(here, 'dist')

/**
 * Writes the shop, its panel, the docs and the built SDK into a folder, and takes out what was there.
 */
export async function build(into = assets): Promise<void> {
  if (!existsSync(join(scripts, 'balise.js')))
    throw new Error('The SDK is not built yet: run "pnpm build" in packages/sdk first.')
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })

  await bundle({
    entryPoints: ['shop/shop.ts', 'shop/shop.css', 'panel/panel.ts', 'panel/panel.css', 'docs/docs.css'],
    absWorkingDir: here,
    entryNames: '[name]',
    outdir: into,
    bundle: true,
    minify: true,
    format: 'iife',
    logLevel: 'warning',
  })
  for (const [path, content] of Object.entries({ ...shopFiles(), ...docsPages(join(here, '..')) })) {
    mkdirSync(dirname(join(into, path)), { recursive: true })
    writeFileSync(join(into, path), content)
  }
  copyFileSync(join(here, 'shop', 'icon.svg'), join(into, 'icon.svg'))
  for (const file of globSync('balise*.js{,.map}', { cwd: scripts }))
    copyFileSync(join(scripts, file), join(into, file))
}

if (import.meta.main) await build()
