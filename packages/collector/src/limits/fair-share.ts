/** How many times as much as is still free one site may hold. One site alone fills four fifths of the room. */
const times_free_max = 4

/**
 * Divides a room that is bounded among the sites that want it. A site may hold four times as much as is still free: so
 * the room of one that floods shrinks as it fills, it is turned away before the last fifth, and a neighbour finds room.
 *
 * That is the dynamic threshold of A. K. Choudhury and E. L. Hahne, "Dynamic queue length thresholds for shared-memory
 * packet switches", 1998: it needs no knowledge of how many sites there are, and no share is left unused for long.
 */
export const createFairShare = () => {
  const held = new Map<number, number>()

  return {
    /** Whether a site may hold so much more, where so much is free in all. */
    fits: (site: number, amount: number, free: number): boolean =>
      amount <= free && (held.get(site) ?? 0) + amount <= times_free_max * free,
    /** Notes that a site holds so much more, or less where it is negative. */
    add: (site: number, amount: number): void => {
      const now = (held.get(site) ?? 0) + amount
      if (now > 0) held.set(site, now)
      else held.delete(site)
    },
  }
}
