import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a child may be ended: the polite signal, and how long it may take before it is killed. */
export type Ending = { signal: NodeJS.Signals; patience_ms: number }

/** Ends a child politely, then firmly; resolves when it is gone, at once if it already is. */
export async function endChild(child: ChildProcess, { signal, patience_ms }: Ending): Promise<void> {
  if (hasEnded(child)) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  const firmly = setTimeout(() => child.kill('SIGKILL'), patience_ms)
  await gone
  clearTimeout(firmly)
}

/** As `endChild`, for a child that leads a process group: whoever is left of the group is ended the same way. */
export async function endGroup(leader: ChildProcess, { signal, patience_ms }: Ending): Promise<void> {
  await endChild(leader, { signal, patience_ms })
  for (const next of [signal, 'SIGKILL'] as const) {
    if (leader.pid === undefined || !isAlive(-leader.pid)) return
    process.kill(-leader.pid, next)
    await isGoneWithin(-leader.pid, patience_ms)
  }
}

/** Whether a child has exited or was killed, or never started. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

/** Whether a process of this id lives, or any of a group where the id is negative, under whatever user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The command line of a process, empty when there is none. Linux may come without `ps`, macOS has no `/proc`. */
export function commandOf(pid: number): string {
  if (!isAlive(pid)) return ''
  if (existsSync('/proc/self/cmdline')) return cmdlineOf(pid)
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
}

function cmdlineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return ''
    throw error
  }
}

/** Waits until a process or a group is gone; false if it outlives the patience. */
export async function isGoneWithin(pid: number, patience_ms: number): Promise<boolean> {
  const until = Date.now() + patience_ms
  while (Date.now() < until) {
    if (!isAlive(pid)) return true
    await sleep(20)
  }
  return !isAlive(pid)
}
