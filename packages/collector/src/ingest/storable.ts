/** A text as Postgres can hold it: without U+0000, and without the halves of characters that cutting leaves over. */
export const storable = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, '')

/** Rollups are kept by a value, and Postgres indexes no more than 2,704 bytes of a row. */
const indexed_bytes_max = 2_000

const room = new Uint8Array(indexed_bytes_max)
const encoder = new TextEncoder()

/** As many of a text's first characters as can be a value of rollups. */
export const indexable = (text: string): string =>
  text.length * 3 <= indexed_bytes_max ? text : text.slice(0, encoder.encodeInto(text, room).read)
