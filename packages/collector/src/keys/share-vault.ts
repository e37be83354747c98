/**
 * Keeps one half of each site-day key, outside the database and outside every backup of it.
 *
 * A share is gone once `dies_at` has passed: `get` answers `null` then, whether or not it was swept yet. An adapter is
 * finished when it passes the contract in `test/share-vault.contract.ts`.
 */
export type ShareVault = {
  put: (name: string, share: Uint8Array<ArrayBuffer>, dies_at: Date) => Promise<void>
  get: (name: string) => Promise<Uint8Array<ArrayBuffer> | null>
  /** Removes what has died, where the store does not do so by itself. */
  sweep: () => Promise<void>
}
