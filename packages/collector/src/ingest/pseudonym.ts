const encoder = new TextEncoder()

/**
 * A 128-bit keyed hash of some fields, as UUID text: HMAC-SHA-256, cut to 16 bytes. Each field goes in behind its length,
 * so that `["ab", "c"]` and `["a", "bc"]` are two people.
 */
export const pseudonymOf = async (key: CryptoKey, fields: string[]): Promise<string> => {
  const mac = await crypto.subtle.sign('HMAC', key, lengthPrefixed(fields))
  return uuidOf(new Uint8Array(mac, 0, 16))
}

/** See {@link pseudonymOf}. */
export type NameOf = typeof pseudonymOf

/** {@link pseudonymOf}, remembered for one batch: one visitor's fifty events ask for one name, and each costs a signature. */
export const createNameOf = (): NameOf => {
  const made = new Map<CryptoKey, Map<string, Promise<string>>>()
  return (key, fields) => {
    const ofKey = made.get(key) ?? new Map<string, Promise<string>>()
    made.set(key, ofKey)
    const asked = JSON.stringify(fields)
    const name = ofKey.get(asked) ?? pseudonymOf(key, fields)
    ofKey.set(asked, name)
    return name
  }
}

/** Imports 32 secret bytes as a key for {@link pseudonymOf}; it cannot be read back. */
export const pseudonymKeyOf = (secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

const lengthPrefixed = (fields: string[]): Uint8Array<ArrayBuffer> => {
  const parts = fields.map((field) => encoder.encode(field))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const part of parts) {
    view.setUint32(offset, part.length)
    bytes.set(part, offset + 4)
    offset += 4 + part.length
  }
  return bytes
}

const uuidOf = (bytes: Uint8Array): string => {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
