import { mkdtemp, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFileVault } from '../src/keys/file-vault.ts'
import { shareVaultContract } from './share-vault.contract.ts'

const folder = () => mkdtemp(join(tmpdir(), 'balise-shares-'))

shareVaultContract('a folder', async (now) => createFileVault(await folder(), now))

test('a share that died leaves no file behind', async () => {
  const place = await folder()
  let now = new Date('2026-03-10T12:00:00Z')
  const vault = createFileVault(place, () => now)
  await vault.put('ab'.repeat(32), new Uint8Array(32), new Date('2026-03-11T00:00:00Z'))
  expect(await readdir(place)).toHaveLength(1)
  now = new Date('2026-03-11T00:00:00Z')
  await vault.sweep()
  expect(await readdir(place)).toEqual([])
})

test('a share is for its owner alone', async () => {
  const place = await folder()
  const vault = createFileVault(place, () => new Date())
  await vault.put('ab'.repeat(32), new Uint8Array(32), new Date(Date.now() + 60_000))
  expect((await stat(join(place, 'ab'.repeat(32)))).mode & 0o777).toBe(0o600)
})

test('a name cannot leave the folder', async () => {
  const vault = createFileVault(await folder(), () => new Date())
  await expect(vault.get('../../etc/passwd')).rejects.toThrow('64 hex digits')
})
