import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../dev/command.ts'
import { build } from '../packages/sdk/build.ts'

/** The SDK as it is built now, in a folder of its own until it is stopped. */
export const openBuilt = async (): Promise<{ folder: string; stop: () => void }> => {
  mkdirSync(join(root, '.balise'), { recursive: true })
  const folder = mkdtempSync(join(root, '.balise', 'bench-'))
  const stop = () => rmSync(folder, { recursive: true, force: true })
  try {
    await build(folder)
  } catch (error) {
    stop()
    throw error
  }
  return { folder, stop }
}
