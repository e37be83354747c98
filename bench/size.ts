import { brotliCompressSync, constants } from 'node:zlib'
import { sources } from '../packages/sdk/build.ts'
import { type Size, sizesOf } from '../packages/sdk/size.ts'
import { openBuilt } from './built.ts'
import { codeOf, installPeers, versionOf } from './page-cost/code.ts'
import { peers } from './page-cost/peers.ts'
import { markdown, whole } from './table.ts'

/** What the issue asks of our sizes: of several rows of `sizesOf`, the largest counts. */
const asked: readonly { what: string; of: readonly string[]; must: number; moonshot: number }[] = [
  { what: 'npm, page views and delivery only', of: ['npm: countPageViews'], must: 1_200, moonshot: 700 },
  { what: '/balise.js', of: ['/balise.js'], must: 2_800, moonshot: 2_048 },
  { what: 'npm: + API calls', of: ['npm: + apiCalls()'], must: 500, moonshot: 300 },
  {
    what: 'a consent platform, the largest of them',
    of: sources.map((name) => `/balise-${name}.js`),
    must: 400,
    moonshot: 200,
  },
]

/** `pnpm bench:size`: what a page loads in brotli-11 bytes, ours beside what npm has of the peers'. */
export async function main(): Promise<number> {
  await installPeers()
  const sizes = await ourSizes()
  const theirs = await Promise.all(
    peers.map(async (peer) => ({
      what: `${peer.name} ${versionOf(peer)}${peer.script ? '' : ', bundled'}`,
      bytes: bytesOf(await codeOf(peer)),
    })),
  )
  const script = bytesIn(sizes, '/balise.js')
  const rowsOf = (all: readonly What[]) =>
    all
      .toSorted((one, other) => one.bytes - other.bytes)
      .map(({ what, bytes }) => [what, whole(bytes), (bytes / script).toFixed(2)])
  const head = ['what a page loads', 'brotli-11 bytes', 'of /balise.js']
  const [more, whole_ones] = [sizes.filter(isMore), sizes.filter((size) => !isMore(size))]
  const ours = whole_ones.map(({ what, bytes }) => ({ what: `**${what}**`, bytes }))
  console.log(`${new Date().toISOString().slice(0, 10)}\n\n${markdown([head, ...rowsOf([...ours, ...theirs])])}`)
  console.log(`\n${markdown([['beside it', ...head.slice(1)], ...rowsOf(more)])}`)
  const verdicts = asked.map(({ what, of, must, moonshot }) => [
    what,
    ...[Math.max(...of.map((name) => bytesIn(sizes, name))), must, moonshot].map(whole),
  ])
  console.log(`\n${markdown([['what', 'measured', 'must', 'moonshot'], ...verdicts])}`)
  return 0
}

type What = Pick<Size, 'what' | 'bytes'>

/** What is loaded beside a tracker, not instead of one. */
const isMore = ({ what }: Size): boolean => /^npm: \+|^\/balise-/.test(what)

const bytesIn = (sizes: readonly Size[], name: string): number => {
  const size = sizes.find(({ what }) => what === name)
  if (!size) throw new Error(`sizesOf measures no ${name}`)
  return size.bytes
}

const ourSizes = async (): Promise<Size[]> => {
  const { folder, stop } = await openBuilt()
  return sizesOf(folder).finally(stop)
}

const bytesOf = (code: string): number =>
  brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
