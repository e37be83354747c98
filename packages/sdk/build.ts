import { createHash } from 'node:crypto'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { type Plugin, rollup } from 'rollup'
import { type MinifyOptions, minify } from 'terser'

/** Writes into `folder` the script with its hash, the module, and the public types: `src/api.ts` as it stands. */
export const build = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true })
  await bundle('src/script.ts', join(folder, 'balise.js'), 'iife')
  for (const name of [...beside, ...sources])
    await bundle(`src/with/${name}.ts`, join(folder, `balise-${name}.js`), 'iife')
  await bundle('src/index.ts', join(folder, 'index.js'), 'es')
  await copyFile(here('src/api.ts'), join(folder, 'index.d.ts'))
  await bundle('src/vitals.ts', join(folder, 'vitals.js'), 'es')
  await copyFile(here('src/vitals-api.ts'), join(folder, 'vitals.d.ts'))
  for (const name of ['platform', ...sources]) await module(name, join(folder, 'sources', name))
  const types = await readFile(here('src/sources/api.ts'), 'utf8')
  await writeFile(join(folder, 'sources/api.d.ts'), types.replace('../api.ts', '../index.js'))
  await copyFile(join(dirname(library), '..', 'LICENSE'), join(folder, 'web-vitals.LICENSE.txt'))
  const hash = createHash('sha384').update(await readFile(join(folder, 'balise.js')))
  await writeFile(join(folder, 'balise.js.sri'), `sha384-${hash.digest('base64')}\n`)
}

/** What a script tag loads beside itself where `data-with` names it. */
export const beside = ['api-calls', 'js-errors', 'marked-events', 'web-vitals', 'wrapped-api-calls'] as const

/** Consent platforms that can be followed: each a script beside the other one, and a module. */
export const sources = [
  'axeptio',
  'cookiebot',
  'didomi',
  'google-consent-mode',
  'gpp',
  'klaro',
  'onetrust',
  'tarteaucitron',
  'tcf',
] as const

/** What the module of a source is called inside: `google-consent-mode` gives `googleConsentMode`. */
export const sourceName = (file: string): string => file.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

/** The absolute path of something in this package. */
export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * What parts of the tracker call each other by, and nobody else does: neither a page, nor a browser, nor the wire, nor what
 * one version stores for the next. These names may be shortened.
 */
const inner = [
  'add',
  'address',
  'adopt',
  'begin',
  'capture',
  'deliver',
  'drop',
  'erase',
  'hold',
  'keep',
  'kept',
  'make',
  'may',
  'secret',
  'sessionNow',
  'settle',
  'tell',
  'to',
  'whoNow',
]

/** As small as we know how to make code for ES2020, the oldest syntax a page of ours must read. */
export const smallest: MinifyOptions = {
  ecma: 2020,
  toplevel: true,
  compress: { passes: 3, pure_getters: true, unsafe_arrows: true, unsafe: true },
  mangle: { properties: { regex: new RegExp(`^(${inner.join('|')})$`) } },
}

/** For the module: the shopper's own bundler minifies, so only comments and the holes of erased types go. */
const readable: MinifyOptions = { module: true, compress: false, mangle: false, format: { beautify: true } }

/** Erases types in place, so that lines and columns stay and no compiler is needed. */
const erased: Plugin = {
  name: 'erased',
  transform: (code, id) => (id.endsWith('.ts') ? { code: stripTypeScriptTypes(code), map: null } : null),
}

/** Google's library, which goes into what is built with it, and its licence beside it. */
const library = fileURLToPath(import.meta.resolve('web-vitals'))
const licence = '/*! web-vitals, (c) Google LLC, Apache-2.0: web-vitals.LICENSE.txt */'

/** Finds that library. */
const found: Plugin = { name: 'found', resolveId: (id) => (id === 'web-vitals' ? library : null) }

/** Brings that library, which has class fields, down to ES2020. */
const lowered: Plugin = {
  name: 'lowered',
  async transform(code, id) {
    if (id !== library) return null
    const tsconfigRaw = { compilerOptions: { useDefineForClassFields: false } }
    return transform(code, { target: 'es2020', loader: 'ts', tsconfigRaw, sourcemap: true, sourcefile: id })
  },
}

/** What comes out of rollup, rewritten by terser. */
const rewritten = (options: MinifyOptions): Plugin => ({
  name: 'rewritten',
  async renderChunk(chunk) {
    const { code = '', map } = await minify(chunk, { ...options, sourceMap: true })
    return { code, map: String(map) }
  },
})

/** Has Chrome compile the whole script while it loads (136), beside the page's thread, and not part by part as it runs. */
const atOnce: MinifyOptions = { ...smallest, format: { preamble: '//# allFunctionsCalledOnLoad' } }

const bundle = async (input: string, file: string, format: 'iife' | 'es'): Promise<void> => {
  const graph = await rollup({
    input: here(input),
    plugins: [erased, found, lowered],
    onwarn: (warning) => {
      throw new Error(warning.message)
    },
  })
  const plugins = [rewritten(format === 'es' ? readable : input === 'src/script.ts' ? atOnce : smallest)]
  // Hidden: who debugs knows where the map is, and everybody else need not load its name.
  const banner = graph.watchFiles.includes(library) ? licence : ''
  await graph.write({ file, format, plugins, banner, strict: false, sourcemap: format === 'iife' ? 'hidden' : true })
}

/** The module of one source, and the one name of the public types that it holds. */
const module = async (name: string, file: string): Promise<void> => {
  await bundle(`src/sources/${name}.ts`, `${file}.js`, 'es')
  await writeFile(`${file}.d.ts`, `export type * from './api.js'\nexport { ${sourceName(name)} } from './api.js'\n`)
}

if (import.meta.main) await build(here('dist'))
