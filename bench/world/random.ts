/** Draws a number in [0, 1). */
export type Random = () => number

/**
 * Draws that are the same for the same seed, on every machine.
 *
 * Mulberry32: 32 bits of state, a period of 2³², passes gjrand; 2 ns a draw. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One of a list, each as likely as the other. */
export const oneOf = <Value>(random: Random, values: readonly Value[]): Value =>
  values[Math.floor(random() * values.length)] as Value

const slots = 65_536

/**
 * Draws indexes below `size` by Zipf's law: the k-th is drawn in proportion to 1 / k^exponent. A table of 65,536 slots
 * makes a draw cost one look-up; every index keeps at least one slot.
 */
export const createZipf = ({ size, exponent }: { size: number; exponent: number }): ((random: Random) => number) => {
  const weights = Array.from({ length: size }, (_, index) => 1 / (index + 1) ** exponent)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const indexes = weights.flatMap((weight, index) =>
    Array<number>(Math.max(1, Math.round((weight / sum) * slots))).fill(index),
  )
  const table = Uint32Array.from(indexes)
  return (random) => table[Math.floor(random() * table.length)] as number
}
