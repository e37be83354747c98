import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Refusal } from '../refusal.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { PostgresOwner } from './owner.ts'

/** Where a cluster lives, `data` inside `dir`, and who runs it with what. */
export type Cluster = { dir: string; data: string; binaries: PostgresBinaries; owner: PostgresOwner }

/**
 * The password of a cluster, which is made first if it is not there: beside its place and then renamed, so that an
 * interrupted first start leaves nothing half. Throws a `Refusal` when it cannot be made or opened.
 */
export async function clusterPassword({ dir, data, binaries, owner }: Cluster): Promise<string> {
  const password_file = join(dir, 'password')
  if (existsSync(data)) {
    if (existsSync(password_file)) return readFileSync(password_file, 'utf8').trim()
    throw new Refusal(
      `${password_file} is gone, so the database beside it cannot be opened: put it back, or remove ${dir}.`,
    )
  }
  const password = randomBytes(24).toString('hex')
  const draft = `${data}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  writeFileSync(password_file, password, { mode: 0o600 })
  for (const path of [draft, password_file]) owner.handOver(path)
  // The built-in C.UTF-8 sorts the same on every system, which libc and ICU collations do not.
  const { command, args, ids } = owner.running(binaries.initdb, [
    `--pgdata=${draft}`,
    '--username=balise',
    `--pwfile=${password_file}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ])
  try {
    await promisify(execFile)(command, args, { ...ids, cwd: dir })
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Refusal(`The database could not be created in ${dir}: ${lastLine(stderr ?? '') || message}.`)
  }
  renameSync(draft, data)
  return password
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
