import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { install } from './install.ts'
import { Refusal } from './refusal.ts'

/** `node dev/run.ts <file.ts> [arguments]`: installs, then runs the file's `main`. A refusal is one sentence, exit code 1. */
type Entry = { main(args: string[]): Promise<number> }

const [file, ...args] = process.argv.slice(2)
if (!file) throw new Error('usage: node dev/run.ts <file.ts> [arguments]')
const root = join(import.meta.dirname, '..')
try {
  await install(root)
  const { main }: Entry = await import(pathToFileURL(resolve(root, file)).href)
  process.exitCode = await main(args)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`\n${error.message}`)
  process.exitCode = 1
}
