import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { commandOf } from '../../dev/child.ts'
import { root } from '../../dev/command.ts'
import { npmIn, type Running } from './running.ts'

/** A clean copy of this checkout in a folder of its own, as somebody who just got it has it. */
export type Checkout = { dir: string; npm(args: string[], env?: Record<string, string>): Running; remove(): void }

const not_copied = new Set(['node_modules', '.git', '.balise', '.wrangler', 'dist'])

/** Copies the checkout; the tools that were fetched once are linked, and pnpm has the packages in its own store. */
export function copyCheckout(): Checkout {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'balise-checkout-')))
  cpSync(root, dir, { recursive: true, filter: (path) => path === root || !not_copied.has(basename(path)) })
  mkdirSync(join(root, '.balise', 'tools'), { recursive: true })
  mkdirSync(join(dir, '.balise'))
  symlinkSync(join(root, '.balise', 'tools'), join(dir, '.balise', 'tools'))
  return {
    dir,
    npm: (args, env = {}) => npmIn({ dir, args, env: { ...bare(), ...env } }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

/** The command lines of the processes that run out of a folder. */
export function processesIn(dir: string): string[] {
  return pids()
    .map(commandOf)
    .filter((command) => command.includes(dir))
}

function pids(): number[] {
  if (existsSync('/proc/self/cmdline')) return readdirSync('/proc').map(Number).filter(Boolean)
  const { stdout } = spawnSync('ps', ['-axo', 'pid='], { encoding: 'utf8' })
  return stdout.split('\n').map(Number).filter(Boolean)
}

/** The environment without what this test run, its npm and its tools put into it. */
function bare(): Record<string, string | undefined> {
  const ours = /^(npm_(?!config_)|VITEST|NODE_ENV|NODE_OPTIONS|DATABASE_URL|PORT|INIT_CWD)/
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(root))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) }
}
