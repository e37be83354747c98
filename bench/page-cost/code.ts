import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { type Plugin, rollup } from 'rollup'
import { minify } from 'terser'
import { root } from '../../dev/command.ts'
import { install } from '../../dev/install.ts'
import { smallest } from '../../packages/sdk/build.ts'
import type { Peer } from './peers.ts'

/** The peers have a lockfile of their own, so that nobody but a bench installs them. */
const folder = join(root, 'bench', 'peers')
const fileOf = (peer: Peer, name: string): string => join(folder, 'node_modules', peer.package, name)

/** Installs the peers. */
export const installPeers = (): Promise<void> => install(folder)

/** The version that is installed. */
export const versionOf = (peer: Peer): string => JSON.parse(readFileSync(fileOf(peer, 'package.json'), 'utf8')).version

/** What a page loads of a peer: its minified script, or what a bundler makes of the code that starts it. */
export const codeOf = async (peer: Peer): Promise<string> =>
  peer.script ? readFileSync(fileOf(peer, peer.script), 'utf8') : bundled(peer.start ?? '')

/** Shaken and minified as ours is, but for inner names, which a stranger cannot tell from public ones. What is imported only later, such as a recorder of sessions, is left out. */
const bundled = async (code: string): Promise<string> => {
  const id = join(folder, 'shop.js')
  const entry: Plugin = {
    name: 'entry',
    resolveId: (source) => (source === id ? id : null),
    load: (source) => (source === id ? code : null),
  }
  const graph = await rollup({ input: id, plugins: [entry, nodeResolve({ browser: true })], logLevel: 'silent' })
  const { output } = await graph.generate({ format: 'es' })
  const { code: small = '' } = await minify(output[0].code, { ...smallest, mangle: {}, module: true })
  return small
}
