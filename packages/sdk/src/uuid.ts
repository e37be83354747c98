/**
 * A UUIDv7 (RFC 9562, 5.7): `at_ms`, then 74 random bits around version and variant. `crypto.randomUUID` has no order, and
 * exists only in secure contexts.
 */
export const uuidv7 = (at_ms: number): string =>
  at_ms.toString(16).padStart(12, '0').replace(/.{8}/, '$&-') +
  '-7xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => ((random(1)[0] as number) & 15).toString(16))

/** Random bytes. */
export const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count))
