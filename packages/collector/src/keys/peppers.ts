import { z } from 'zod'
import type { KeyOf, PseudonymKey } from '../ingest/pseudonym.ts'

const shape = /^[A-Za-z0-9_-]{43}$/

const what_to_do =
  'Set it to 43 characters of base64url, or to several such, parted by commas. Make one: "balise pepper".'

/** The setting PEPPERS: 256 random bits each in base64url, newest first, parted by commas. */
export const peppersIn = z
  .string(what_to_do)
  .transform((setting) => setting.split(',').map((text) => text.trim()))
  .refine((texts) => texts.every((text) => shape.test(text)), what_to_do)

/** Makes keys of peppers. Names that last are made with the first; the others still find who was named under them. */
export const peppersOf = async (texts: string[], keyOf: KeyOf): Promise<[PseudonymKey, ...PseudonymKey[]]> => {
  const [newest, ...older] = await Promise.all(texts.map((text) => keyOf(bytesOf(text))))
  if (!newest) throw new Error(`PEPPERS: ${what_to_do}`)
  return [newest, ...older]
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
