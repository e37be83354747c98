import { createFairShare } from '../limits/fair-share.ts'

/**
 * What waits, in a line for each site. The lines are served by turns, so that a site waits for one turn of each of the
 * others, however long their lines are; and a line may take only its share of the room.
 */
export const createFairQueue = <Item>({
  weight_max,
  weightOf,
}: {
  weight_max: number
  weightOf: (item: Item) => number
}) => {
  const lines = new Map<number, Item[]>() // whose turn was last stands last
  const share = createFairShare()
  let weight = 0

  /** The first of a line, if it fits. The line goes behind the others. */
  const takeFirst = (site: number, fits: (item: Item) => boolean): Item | undefined => {
    const line = lines.get(site) ?? []
    const [first] = line
    if (first === undefined || !fits(first)) return undefined
    line.shift()
    lines.delete(site)
    if (line.length > 0) lines.set(site, line)
    share.add(site, -weightOf(first))
    weight -= weightOf(first)
    return first
  }

  return {
    isEmpty: (): boolean => lines.size === 0,
    /** Puts an item at the end of its site's line; false where there is no room for it. */
    push: (site: number, item: Item): boolean => {
      if (!share.fits(site, weightOf(item), weight_max - weight)) return false
      const line = lines.get(site)
      if (line) line.push(item)
      else lines.set(site, [item])
      share.add(site, weightOf(item))
      weight += weightOf(item)
      return true
    },
    /** Takes the first of each line in turn, again and again, while they fit. A line whose first does not fit is done. */
    takeWhile: (fits: (item: Item) => boolean): Item[] => {
      const taken: Item[] = []
      let sites = [...lines.keys()]
      while (sites.length > 0)
        sites = sites.filter((site) => {
          const first = takeFirst(site, fits)
          if (first !== undefined) taken.push(first)
          return first !== undefined
        })
      return taken
    },
  }
}
