import { createFairShare } from '../limits/fair-share.ts'

/** What a site holds of a spool. */
export type Held = { site: number; bytes: number }

/** Who holds how much of a spool, on the way to the disk and on it, so that none takes the room of its neighbours. */
export const createHolders = () => {
  const on_disk = createFairShare()
  const on_the_way = createFairShare()
  const files = new Map<string, Map<number, number>>()
  let turned_away = false

  const noteIn = (path: string, { site, bytes }: Held): void => {
    const of_file = files.get(path) ?? new Map<number, number>()
    files.set(path, of_file.set(site, (of_file.get(site) ?? 0) + bytes))
  }

  return {
    /** Lets so much of a site in where that much is free, or tells why not. */
    admit: ({ site, bytes }: Held, free: { on_disk: number; on_the_way: number }): string | undefined => {
      turned_away = !on_disk.fits(site, bytes, free.on_disk)
      if (turned_away) return 'it is full, or its site has its share'
      if (!on_the_way.fits(site, bytes, free.on_the_way)) return 'the disk is slow'
      on_disk.add(site, bytes)
      on_the_way.add(site, bytes)
      return undefined
    },
    /** What was let in is in a file now; without one, it is refused after all. */
    written: (group: Held[], path: string | undefined): void => {
      for (const held of group) {
        on_the_way.add(held.site, -held.bytes)
        if (path) noteIn(path, held)
        else on_disk.add(held.site, -held.bytes)
      }
    },
    /** A file is gone. */
    dropped: (path: string): void => {
      for (const [site, bytes] of files.get(path) ?? []) on_disk.add(site, -bytes)
      files.delete(path)
      turned_away = false
    },
    /** Whether the last one that came was turned away for want of room. */
    turnedAway: (): boolean => turned_away,
  }
}
