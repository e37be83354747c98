import type { KVNamespace } from '@cloudflare/workers-types'
import type { ShareVault } from './share-vault.ts'

/** Workers KV takes no expiry nearer than this. */
const ttl_seconds_min = 60

type Metadata = { dies_at: number }

/** Shares in Workers KV, which forgets them by their time to live and keeps no history. */
export const createKvVault = (kv: KVNamespace, now: () => Date): ShareVault => ({
  put: async (name, share, dies_at) => {
    const ttl_seconds = Math.floor((dies_at.getTime() - now().getTime()) / 1000)
    await kv.put(name, share.buffer, {
      expirationTtl: Math.max(ttl_seconds, ttl_seconds_min),
      metadata: { dies_at: dies_at.getTime() } satisfies Metadata,
    })
  },
  get: async (name) => {
    const { value, metadata } = await kv.getWithMetadata<Metadata>(name, 'arrayBuffer')
    if (!value || !metadata || metadata.dies_at <= now().getTime()) return null
    return new Uint8Array(value)
  },
  sweep: async () => {},
})
