import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../../dev/command.ts'

/** What a run of the CLI ended with, and what it printed. */
export type Ran = { code: number; printed: string; complained: string }

/** `balise …` in a process of its own, as an operator runs it. A setting that is `undefined` is unset. */
export const balise = (words: string[], settings: NodeJS.ProcessEnv): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { ...process.env, DATABASE_URL: undefined, DATABASES: undefined, ...settings }
    const main = join(root, 'packages/cli/src/main.ts')
    const child = execFile(process.execPath, [main, ...words], { env }, (_failure, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, printed: stdout.trim(), complained: stderr.trim() }),
    )
  })
