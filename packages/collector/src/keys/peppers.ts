import type { KeyOf, PseudonymKey } from '../ingest/pseudonym.ts'

const shape = /^[A-Za-z0-9_-]{43}$/

/**
 * Reads the peppers from their setting: 256 random bits each in base64url, newest first, parted by commas. Names that
 * last are made with the first; the others still find who was named under them.
 */
export const peppersOf = async (setting: string, keyOf: KeyOf): Promise<[PseudonymKey, ...PseudonymKey[]]> => {
  const texts = setting.split(',').map((text) => text.trim())
  if (!texts.every((text) => shape.test(text)))
    throw new Error('PEPPERS must be 43 characters of base64url each, parted by commas. Make one: "balise pepper".')
  const [newest, ...older] = await Promise.all(texts.map((text) => keyOf(bytesOf(text))))
  if (!newest) throw new Error('PEPPERS is empty. Make one: "balise pepper".')
  return [newest, ...older]
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
