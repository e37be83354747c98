import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'

/** The folder of the checkout. */
export const root = join(import.meta.dirname, '..')

/** The environment in which the checkout's own tools come first and report to nobody, and Node is silent on what is new in it. */
export const environment = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  NODE_OPTIONS: [process.env['NODE_OPTIONS'], '--disable-warning=ExperimentalWarning'].filter(Boolean).join(' '),
  PATH: [join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
}

/** Runs a program of the checkout or the PATH in the checkout, its output shown as it comes; gives its exit code. */
export async function command(program: string, args: string[], cwd = root): Promise<number> {
  const child = spawn(program, args, { cwd, env: environment, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  return code ?? 1
}
