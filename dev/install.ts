import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitForLock } from './lock.ts'
import { Refusal } from './refusal.ts'

/** Installs what the lockfile says, unless that is what `node_modules` already holds. Safe when run twice at once. */
export async function install(root: string): Promise<void> {
  const stamp_file = join(root, 'node_modules', '.balise-stamp')
  if (isCurrent(root, stamp_file)) return
  mkdirSync(join(root, '.balise'), { recursive: true })
  const lock = await waitForLock(join(root, '.balise', 'install.lock'))
  try {
    if (isCurrent(root, stamp_file)) return
    await pnpmInstall(root)
    writeFileSync(stamp_file, stampOf(root))
  } finally {
    lock.release()
  }
}

async function pnpmInstall(root: string): Promise<void> {
  // Without a terminal pnpm would stop and ask before it replaces modules that another version laid out.
  const args = ['install', '--frozen-lockfile', '--prefer-offline', '--config.confirmModulesPurge=false']
  const child = spawn('pnpm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Refusal('pnpm could not install the dependencies: its reason stands above.')
}

function isCurrent(root: string, stamp_file: string): boolean {
  return existsSync(stamp_file) && readFileSync(stamp_file, 'utf8') === stampOf(root)
}

/** Changes when the lockfile, the workspace, any package.json or the Node that runs them does. */
function stampOf(root: string): string {
  const hash = createHash('sha256').update(process.version)
  const manifests = globSync(['package.json', '{packages,examples}/*/package.json', '{bench,demo}/package.json'], {
    cwd: root,
  })
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests.sort()]) {
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}
