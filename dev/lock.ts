import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf } from './child.ts'

/** A lock we hold, or the process that holds it. */
export type Lock = { held: true; release(): void } | { held: false; pid: number }

/**
 * Takes the lock file at `path` for this process. A lock whose process is gone, after a crash, is taken over. Where the
 * lock is held by another, that one's process id is given.
 */
export function takeLock(path: string): Lock {
  if (wrote(path)) return { held: true, release: () => rmSync(path, { force: true }) }
  const [pid, command] = holderOf(path)
  if (pid && commandOf(pid) === command) return { held: false, pid }
  rmSync(path, { force: true })
  return takeLock(path)
}

/** Waits for the lock as long as its holder lives. */
export async function waitForLock(path: string): Promise<{ release(): void }> {
  for (;;) {
    const lock = takeLock(path)
    if (lock.held) return lock
    await sleep(100)
  }
}

/** The lock appears whole or not at all, because it is written beside its place and linked. */
function wrote(path: string): boolean {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${process.pid}\n${commandOf(process.pid)}`)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft)
  }
}

/** Process id and command line: a restarted machine gives the same id to somebody else. */
function holderOf(path: string): [number, string] {
  try {
    const [pid = '', ...command] = readFileSync(path, 'utf8').split('\n')
    return [Number(pid), command.join('\n')]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [0, '']
    throw error
  }
}
