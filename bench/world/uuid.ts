/** UUIDs that follow from numbers: the same ones in every run. */

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0').slice(-digits)

/** Mixes two numbers to 32 bits: the finaliser of MurmurHash3. */
const mixed = (a: number, b: number): number => {
  let bits = Math.imul(a ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** A UUIDv4 in form, that belongs to two numbers. */
export const uuidOf = (a: number, b: number): string => {
  const [first, second, third] = [hex(mixed(a, b), 8), hex(mixed(b, a + 1), 8), hex(mixed(a + 2, b), 8)]
  return `${first}-${second.slice(0, 4)}-4${second.slice(5)}-8${third.slice(5)}-${third.slice(0, 4)}${hex(mixed(a, b + 3), 8)}`
}

/**
 * A UUIDv7 of a moment. Two numbers below 2³² give two ids; as with a browser's, those of one millisecond are in no order:
 * the number is multiplied about in its 32 bits (by an odd one, so no two meet). `tail` is six hex digits.
 */
export const uuidv7Of = (at_ms: number, number: number, tail: string): string => {
  const time = hex(at_ms, 12)
  const scattered = hex(Math.imul(number, 0x9e3779b1) >>> 0, 8)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${scattered.slice(0, 3)}-8${scattered.slice(3, 6)}-${scattered.slice(6)}0000${tail}`
}
