import { globSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { command, root } from './command.ts'
import { Refusal } from './refusal.ts'

const at_once_max = 2

/** Checks the types of the checkout and of every package and example that has a tsconfig.json; gives the failed ones. */
export async function types(): Promise<string[]> {
  const waiting = [
    'tsconfig.json',
    ...globSync(['{packages,examples}/*/tsconfig.json', '{bench,demo}/tsconfig.json'], { cwd: root }).sort(),
  ]
  const failed: string[] = []
  async function checkNext(): Promise<void> {
    const config = waiting.shift()
    if (!config) return
    if ((await command('tsc', ['-p', join(root, config)])) !== 0) failed.push(config)
    return checkNext()
  }
  await Promise.all(Array.from({ length: at_once_max }, checkNext))
  return failed
}

/** `npm run types`: the demo and the examples take theirs from the built SDK. */
export async function main(): Promise<number> {
  if (!(await build())) return 1
  const failed = await types()
  if (failed.length > 0) throw new Refusal(`Types do not hold in ${failed.join(', ')}.`)
  return 0
}
