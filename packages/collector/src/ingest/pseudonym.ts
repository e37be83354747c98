/** A secret that signs and cannot be read back: HMAC-SHA-256 of a message, at once where the platform can. */
export type PseudonymKey = (message: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>

/** How a platform makes a key of 32 secret bytes: see `keys/web-key.ts` and `keys/node-key.ts`. */
export type KeyOf = (secret: Uint8Array<ArrayBuffer>) => PseudonymKey | Promise<PseudonymKey>

const encoder = new TextEncoder()

/**
 * A 128-bit keyed hash of some fields, as UUID text: HMAC-SHA-256, cut to 16 bytes. Each field goes in behind its length,
 * so that `["ab", "c"]` and `["a", "bc"]` are two people.
 */
export const pseudonymOf = async (key: PseudonymKey, fields: string[]): Promise<string> =>
  uuidOf(await key(lengthPrefixed(fields)))

/** See {@link pseudonymOf}. */
export type NameOf = typeof pseudonymOf

/** {@link pseudonymOf}, remembered for one batch: one visitor's fifty events ask for one name, and each costs a signature. */
export const createNameOf = (): NameOf => {
  const made = new Map<PseudonymKey, Map<string, Promise<string>>>()
  return (key, fields) => {
    const ofKey = made.get(key) ?? new Map<string, Promise<string>>()
    made.set(key, ofKey)
    const asked = JSON.stringify(fields)
    const name = ofKey.get(asked) ?? pseudonymOf(key, fields)
    ofKey.set(asked, name)
    return name
  }
}

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

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const dash_before = new Set([4, 6, 8, 10])

/** The first 16 bytes. */
const uuidOf = (bytes: Uint8Array): string => {
  let text = ''
  for (let at = 0; at < 16; at++) text += (dash_before.has(at) ? '-' : '') + hex[bytes[at] ?? 0]
  return text
}
