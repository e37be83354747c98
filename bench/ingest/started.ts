import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { endChild } from '../../dev/child.ts'
import { root } from '../../dev/command.ts'
import { guard } from '../../dev/guard.ts'

/** A server in a process of its own, and the addresses that it told. */
export type Started = { pid: number; urls: string[]; stop: () => Promise<void> }

const ready_within_ms = 60_000

/** Runs the collector on Node as the README does. */
export const startedOnNode = (env: Record<string, string>): Promise<Started> =>
  started('packages/collector/src/node.ts', { env: { ...env, NODE_OPTIONS: '--max-semi-space-size=4' } })

/** Runs a file of the checkout in Node and waits for the first line in which it tells an address of this machine. */
export const started = async (
  file: string,
  options: { args?: string[]; env?: Record<string, string> } = {},
): Promise<Started> => {
  const { args = [], env = {} } = options
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  guard(child, 'TERM')
  const stop = () => endChild(child, { signal: 'SIGTERM', patience_ms: 5_000 })
  const timer = setTimeout(() => child.kill('SIGKILL'), ready_within_ms)
  for await (const line of createInterface(child.stdout)) {
    const urls = line.match(/(https?|postgresql):\/\/[^\s"/]*127\.0\.0\.1[^\s"]*/g)
    if (!urls || child.pid === undefined) continue
    clearTimeout(timer)
    child.stdout.resume()
    return { pid: child.pid, urls, stop }
  }
  await stop()
  throw new Error(`${file} ended before it told its address`)
}
