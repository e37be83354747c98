import { calm } from './calm.ts'
import type { Report } from './report.ts'

/** One site's texts in `localStorage`. Where that is blocked, absent or full, nothing is found and nothing is kept. */
export type Store = {
  /** The text of that name, or `''`. */
  read: (name: string) => string
  write: (name: string, text: string) => void
  remove: (name: string) => void
  /** Every name there is. */
  names: () => string[]
}

/** What a store asks for. `may` is asked before each touch: where it says no, storage is not even looked at. */
export type StoreParts = { site: string; storage: () => Storage; may: () => boolean; report: Report }

/** Opens the store of one site. */
export const createStore = ({ site, storage, may, report }: StoreParts): Store => {
  const prefix = `balise:${site}:`
  const touch = <Answer>(act: (disk: Storage) => Answer) => (may() ? calm(act, report)(storage()) : undefined)
  return {
    read: (name) => touch((disk) => disk.getItem(prefix + name)) || '',
    write: (name, text) => touch((disk) => disk.setItem(prefix + name, text)),
    remove: (name) => touch((disk) => disk.removeItem(prefix + name)),
    names: () =>
      touch(Object.keys)
        ?.filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length)) || [],
  }
}
