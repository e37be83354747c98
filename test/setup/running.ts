import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { hasEnded } from '../../dev/child.ts'

/** A command as a terminal runs it. `said` waits for a line; `interrupt` is Ctrl-C; `output` is all it said. */
export type Running = {
  said(pattern: RegExp): Promise<string>
  interrupt(): void
  ended: Promise<{ code: number | null; output: string }>
}

/** Runs npm in a folder, in a process group of its own, which is what Ctrl-C reaches. */
export function npmIn({ dir, args, env }: { dir: string; args: string[]; env: NodeJS.ProcessEnv }): Running {
  const child = spawn('npm', args, { cwd: dir, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line)
      for (const look of waiting) look()
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code, output: lines.join('\n') }))
  return {
    ended,
    interrupt() {
      if (child.pid && !hasEnded(child)) process.kill(-child.pid, 'SIGINT')
    },
    said(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const look = () => {
        const found = lines.map((line) => pattern.exec(line)).find(Boolean)
        if (found) resolve(found[1] ?? found[0])
      }
      waiting.add(look)
      look()
      ended.then(({ output }) => reject(new Error(`npm ended and never said ${pattern}:\n${output}`)))
      return promise.finally(() => waiting.delete(look))
    },
  }
}
