import type { PseudonymKey } from '../ingest/pseudonym.ts'

/** A key that the platform's WebCrypto keeps. */
export const webKeyOf = async (secret: Uint8Array<ArrayBuffer>): Promise<PseudonymKey> => {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return async (message) => new Uint8Array(await crypto.subtle.sign('HMAC', key, message))
}
