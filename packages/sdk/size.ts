import { readFile } from 'node:fs/promises'
import { brotliCompressSync, constants } from 'node:zlib'
import { type Plugin, rollup } from 'rollup'
import { minify } from 'terser'
import { beside, here, smallest, sources } from './build.ts'

/** What a page loads, in brotli-11 bytes, and the most it may be. */
export type Size = { what: string; bytes: number; bytes_max: number }

/** The tracker that every row of the npm module measures, with what it imports. */
const destination = `{ site: 'demo', endpoint: 'https://stats.example' }`
const createWith = (capture: string): string =>
  `import { createBalise, ${capture.replaceAll('()', '')} } from 'sdk'
   createBalise({ ...${destination}, capture: [${capture}] })`

/** The most that a script beside the other may be, where that is not 1,000. */
const mostOf: { readonly [name: string]: number } = {
  'web-vitals': 3_200,
  ...Object.fromEntries(sources.map((name) => [name, 400])),
}

/** Measures what `folder` holds: the script as it is, and the module as a bundler shakes and minifies it. */
export const sizesOf = async (folder: string): Promise<Size[]> => {
  const shaken = async (code: string) => compressed(await bundled(code, `${folder}/index.js`))
  const views = await shaken(createWith('pageViews()'))
  const more = async (capture: string) => (await shaken(createWith(`pageViews(), ${capture}`))) - views
  return [
    { what: '/balise.js', bytes: compressed(await readFile(`${folder}/balise.js`)), bytes_max: 4_920 },
    {
      what: 'npm: countPageViews',
      bytes: await shaken(`import { countPageViews } from 'sdk'\ncountPageViews(${destination})`),
      bytes_max: 1_890,
    },
    { what: 'npm: createBalise with page views', bytes: views, bytes_max: 3_980 },
    { what: 'npm: + contacts()', bytes: await more('contacts()'), bytes_max: 450 },
    { what: 'npm: + engagement()', bytes: await more('engagement()'), bytes_max: 250 },
    { what: 'npm: + outbound()', bytes: await more('outbound()'), bytes_max: 550 },
    { what: 'npm: + markedEvents()', bytes: await more('markedEvents()'), bytes_max: 250 },
    { what: 'npm: + apiCalls()', bytes: await more('apiCalls()'), bytes_max: 300 },
    { what: 'npm: + wrappedApiCalls()', bytes: await more('wrappedApiCalls()'), bytes_max: 500 },
    { what: 'npm: + jsErrors()', bytes: await more('jsErrors()'), bytes_max: 250 },
    ...(await Promise.all(
      [...beside, ...sources].map(async (name) => ({
        what: `/balise-${name}.js`,
        bytes: compressed(await readFile(`${folder}/balise-${name}.js`)),
        bytes_max: mostOf[name] ?? 1_000,
      })),
    )),
  ]
}

const compressed = (code: Buffer): number =>
  brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length

/** What a shopper's bundler makes of `code`, in which `sdk` is our module. */
const bundled = async (code: string, module: string): Promise<Buffer> => {
  const entry: Plugin = {
    name: 'entry',
    resolveId: (id) => ({ shop: 'shop', sdk: module })[id] ?? null,
    load: (id) => (id === 'shop' ? code : null),
  }
  const graph = await rollup({ input: 'shop', plugins: [entry] })
  const { output } = await graph.generate({ format: 'es' })
  const { code: small = '' } = await minify(output[0].code, { ...smallest, module: true })
  return Buffer.from(small)
}

if (import.meta.main) {
  for (const { what, bytes, bytes_max } of await sizesOf(here('dist'))) {
    console.log(`${what.padEnd(36)} ${String(bytes).padStart(6)} bytes, at most ${bytes_max}`)
  }
}
