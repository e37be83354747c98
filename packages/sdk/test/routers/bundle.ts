import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The library that a page loads before its app, where it does not bundle it. */
const before: { [app: string]: string } = { 'htmx 2': 'htmx.org-2', 'htmx 4': 'htmx.org' }

/** The script of one of the apps in this folder, as its own bundler would make it. */
export const bundleOf = async (app: string, file: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [here(file)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    jsx: 'automatic',
    define: {
      'process.env.NODE_ENV': '"production"',
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
    logLevel: 'error',
  })
  const library = before[app] ? await readFile(here(`node_modules/${before[app]}/dist/htmx.min.js`), 'utf8') : ''
  return library + outputFiles.map(({ text }) => text).join('')
}
