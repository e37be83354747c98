/**
 * A UUIDv7 (RFC 9562, 5.7): `at_ms` in the first 48 bits, then what is left of `random` (10 bytes) around version and
 * variant. `crypto.randomUUID` would do only in secure contexts, and not in the order of time.
 */
export const uuidv7 = (at_ms: number, random: Uint8Array): string =>
  (hexOf(at_ms, 12) + Array.from(random, (byte) => hexOf(byte, 2)).join('')).replace(
    /(.{8})(.{4}).(.{3}).(.{3})/,
    '$1-$2-7$3-8$4-',
  )

const hexOf = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
