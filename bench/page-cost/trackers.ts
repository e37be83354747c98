import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, versionOf } from './code.ts'
import { type Peer, peers } from './peers.ts'

/** A tracker that a page of the shop can have. */
export type Tracker = {
  name: string
  /** Its part of the address. */
  key: string
  /** Whether what the page tells is sent. */
  tells: boolean
  /** Scripts, by their name beside the page. */
  files: { readonly [name: string]: string }
  /** What the page's head holds, given where the collector answers. */
  headOf: (stats_url: string) => string
  answers?: Peer['answers']
}

/** A page without any tracker, whose every figure is taken off the others'. */
export const nothing: Tracker = {
  name: 'no tracker',
  key: 'nothing',
  tells: false,
  files: {},
  headOf: () => '<script>window.tell = () => {}</script>',
}

/** Ours at a level of consent, out of the folder that the build filled. */
export const ourTracker = (folder: string, level: string): Tracker => ({
  name: `**Balise, ${level}**`,
  key: `balise-${level}`,
  tells: level !== 'none',
  files: { 'balise.js': readFileSync(join(folder, 'balise.js'), 'utf8') },
  headOf: (stats_url) =>
    `<script defer src="balise.js" data-site="demo" data-consent="${level}" data-endpoint="${stats_url}"></script>
    <script>window.tell = () => balise.track('bought', { product: 'basket-12', price: 49 })</script>`,
})

/** The peers that know custom events. */
export const peerTrackers = (): Promise<Tracker[]> =>
  Promise.all(peers.filter(({ start }) => start).map((peer) => trackerOf(peer)))

const trackerOf = async (peer: Peer): Promise<Tracker> => {
  const { name, script, before = '', start = '', answers = {} } = peer
  const code = await codeOf(peer)
  const tags = script
    ? '<script defer src="tracker.js"></script><script defer src="start.js"></script>'
    : '<script type="module" src="tracker.js"></script>'
  return {
    name: `${name} ${versionOf(peer)}`,
    key: name.toLowerCase(),
    tells: true,
    files: { 'tracker.js': code, ...(script && { 'start.js': `{ ${start} }` }) },
    headOf: (stats_url) => `<script>const stats = '${stats_url}'\n${before}</script>${tags}`,
    answers,
  }
}
