import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { rollup } from 'rollup'

/** Where an import from npm lies, and TypeScript without its types: all that a page this small needs of a bundler. */
const graph = await rollup({
  input: fileURLToPath(import.meta.resolve('./main.ts')),
  plugins: [
    {
      name: 'npm-and-types',
      resolveId: (id) => (id === '@balise/sdk' ? fileURLToPath(import.meta.resolve(id)) : null),
      transform: (code, id) => (id.endsWith('.ts') ? { code: stripTypeScriptTypes(code), map: null } : null),
    },
  ],
})
await graph.write({ file: fileURLToPath(import.meta.resolve('./dist/main.js')), format: 'es' })
