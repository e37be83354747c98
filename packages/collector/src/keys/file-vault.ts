import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShareVault } from './share-vault.ts'

/** Names are hex, so that none can leave the folder. */
const name_shape = /^[0-9a-f]{64}$/

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/**
 * Shares as files in one folder that only this user can read. The folder must lie outside the database and outside what
 * is backed up: a share in a backup is a key that did not die.
 *
 * A file is eight bytes of its death (milliseconds since 1970, big-endian) and the share.
 */
export const createFileVault = (folder: string, now: () => Date): ShareVault => {
  const pathOf = (name: string) => {
    if (!name_shape.test(name)) throw new Error('a share is named by 64 hex digits')
    return join(folder, name)
  }

  const read = async (name: string) => {
    const bytes = await readFile(pathOf(name)).catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })
    if (!bytes || bytes.length < 8) return null
    return { dies_at: Number(bytes.readBigUInt64BE(0)), share: new Uint8Array(bytes.subarray(8)) }
  }

  return {
    put: async (name, share, dies_at) => {
      const head = Buffer.alloc(8)
      head.writeBigUInt64BE(BigInt(dies_at.getTime()))
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const half = `${pathOf(name)}.new`
      await writeFile(half, Buffer.concat([head, share]), { mode: 0o600, flush: true })
      await rename(half, pathOf(name))
    },
    get: async (name) => {
      const kept = await read(name)
      return kept && kept.dies_at > now().getTime() ? kept.share : null
    },
    sweep: async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      for (const name of await readdir(folder)) {
        if (!name_shape.test(name)) continue
        const kept = await read(name)
        if (!kept || kept.dies_at <= now().getTime()) await unlink(pathOf(name))
      }
    },
  }
}
