import { describe, expect, test } from 'vitest'
import type { ShareVault } from '../src/keys/share-vault.ts'

/** What every vault does. `open` answers an empty one that reads its time from `now`. */
export const shareVaultContract = (adapter: string, open: (now: () => Date) => Promise<ShareVault>) =>
  describe(`a share in ${adapter}`, () => {
    const name = 'ab'.repeat(32)
    const share = crypto.getRandomValues(new Uint8Array(32))
    const begin = new Date()
    const inHours = (hours: number) => new Date(begin.getTime() + hours * 3_600_000)

    test('is given back as it was put', async () => {
      const vault = await open(() => begin)
      await vault.put(name, share, inHours(48))
      expect(await vault.get(name)).toEqual(share)
    })

    test('that nobody put is not there', async () => expect(await (await open(() => begin)).get(name)).toBeNull())

    test('is gone at its hour, swept or not', async () => {
      let now = begin
      const vault = await open(() => now)
      await vault.put(name, share, inHours(48))
      now = inHours(48)
      expect(await vault.get(name)).toBeNull()
      await vault.sweep()
      now = begin
      await vault.put('cd'.repeat(32), share, inHours(1))
      expect(await vault.get('cd'.repeat(32))).toEqual(share)
    })
  })
