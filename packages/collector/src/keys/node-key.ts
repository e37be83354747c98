import { createHmac, createSecretKey } from 'node:crypto'
import type { PseudonymKey } from '../ingest/pseudonym.ts'

/** A key that signs on the spot: WebCrypto on Node has another thread do it, which takes many times as long as the hash. */
export const nodeKeyOf = (secret: Uint8Array<ArrayBuffer>): PseudonymKey => {
  const key = createSecretKey(secret)
  return (message) => createHmac('sha256', key).update(message).digest()
}
