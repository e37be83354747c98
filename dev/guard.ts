import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Sees to it that a child never outlives us, however we end: a shell waits for the pipe from us to close, which the
 * system does even after SIGKILL, and then sends the signal.
 */
export function guard(child: ChildProcess, signal: 'INT' | 'TERM'): void {
  if (child.pid === undefined) return
  const script = `read _; kill -${signal} ${child.pid}`
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  // Once the child is gone its id may become somebody else's.
  child.once('exit', () => shell.kill('SIGKILL'))
  shell.unref()
}
