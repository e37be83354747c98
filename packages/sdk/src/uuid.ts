/**
 * A UUIDv7 (RFC 9562, 5.7): `at_ms`, then 72 random bits around version and variant. `crypto.randomUUID` has no order, and
 * exists only in secure contexts.
 */
export const uuidv7 = (at_ms: number): string =>
  at_ms.toString(16).padStart(12, '0').replace(/.{8}/, '$&-') +
  // Drawn at once: each call of the browser's source costs a slow phone a tenth of a millisecond.
  random(18)
    .reduce((digits, bits) => digits + (bits & 15).toString(16), '')
    .replace(/(...)(...)/, '-7$1-8$2-')

/** Random bytes. */
export const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count))
