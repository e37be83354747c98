/**
 * A UUIDv7 (RFC 9562, 5.7): `at_ms`, then 10 random bytes around version and variant. `crypto.randomUUID` has no order,
 * and exists only in secure contexts.
 */
export const uuidv7 = (at_ms: number): string =>
  (
    hexOf(at_ms, 12) + Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => hexOf(byte, 2)).join('')
  ).replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-8$4-')

const hexOf = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
