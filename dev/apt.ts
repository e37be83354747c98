import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Refusal } from './refusal.ts'

/** Installs Debian packages, where that is possible: as root, where there is apt. Says whether it was. */
export function aptInstall(...packages: string[]): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  console.log(`Installing ${packages.join(', ')} with apt-get …`)
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const { status, stderr } = spawnSync('apt-get', ['-q', ...args], { env, encoding: 'utf8', maxBuffer: 64 << 20 })
    if (status !== 0) throw new Refusal(`apt-get could not ${args[0]}: ${stderr.trim().split('\n').at(-1)}`)
  }
  return true
}
