import { accessSync, constants, mkdirSync } from 'node:fs'
import { Refusal } from './refusal.ts'

/** Makes a folder that we can write, or refuses with the system's reason. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw new Refusal(`${path} cannot be written (${(error as NodeJS.ErrnoException).code}): check who owns it.`)
  }
}
