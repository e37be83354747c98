import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pepper } from '../packages/cli/src/pepper.ts'

/** The pepper of this checkout, drawn on the first start and kept in a file that only we can read. */
export function keptPepper(file: string): string {
  if (!existsSync(file)) writeFileSync(file, pepper(), { mode: 0o600 })
  return readFileSync(file, 'utf8').trim()
}
