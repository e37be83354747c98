import { execFileSync } from 'node:child_process'
import { chownSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Refusal } from '../refusal.ts'

/** Who Postgres runs as: how to say a command so that this person runs it, and how to hand over a file. */
export type PostgresOwner = {
  /** The command line and spawn options under which the owner runs a program on these paths. */
  running(program: string, args: string[]): { command: string; args: string[]; ids: { uid?: number; gid?: number } }
  /** Makes the owner own a file or folder. */
  handOver(path: string): void
}

/**
 * Ourselves, unless we are root: Postgres refuses root, so there it is the system's user `postgres`, made when missing.
 * Where that user cannot enter the checkout (`/root` is 0700 on Debian), `setpriv` lends the one capability it lacks.
 */
export function postgresOwner(data: string): PostgresOwner {
  if (process.getuid?.() !== 0) return { running: (command, args) => ({ command, args, ids: {} }), handOver() {} }
  const ids = postgresIds() ?? createPostgres()
  // access(2) ignores lent capabilities unless this securebit is set, and initdb asks it where `postgres` is.
  const lent = ['--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  lent.push('--securebits=+no_setuid_fixup')
  return {
    running(program, args) {
      if (isOpen(program) && isOpen(data)) return { command: program, args, ids }
      return {
        command: 'setpriv',
        args: [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, ...lent, program, ...args],
        ids: {},
      }
    },
    handOver: (path) => chownSync(path, ids.uid, ids.gid),
  }
}

function postgresIds(): { uid: number; gid: number } | undefined {
  try {
    const read = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }))
    return { uid: read('-u'), gid: read('-g') }
  } catch {
    return undefined
  }
}

function createPostgres(): { uid: number; gid: number } {
  try {
    const plain = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']
    execFileSync('useradd', [...plain, 'postgres'], { stdio: 'pipe' })
  } catch {
    throw new Refusal('Postgres does not run as root and the user `postgres` could not be made: start as another user.')
  }
  return postgresIds() ?? createPostgres()
}

/** Whether everybody may enter every folder above a path, which itself need not exist. */
function isOpen(path: string): boolean {
  const folder = dirname(path)
  if ((statSync(folder).mode & 0o001) === 0) return false
  return folder === dirname(folder) || isOpen(folder)
}
