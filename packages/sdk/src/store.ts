import { calm } from './calm.ts'

/** One site's texts in `localStorage`. Where that is blocked, absent or full, nothing is found and nothing is kept. */
export type Store = {
  /** The text of that name, or `''`. */
  textOf: (name: string) => string
  keep: (name: string, text: string) => void
  discard: (name: string) => void
}

/** Opens the store of one site. `may` is asked before each touch: where it says no, storage is not even looked at. */
export const createStore = (site: string, may: () => boolean): Store => {
  const prefix = `balise:${site}:`
  const touch = <Answer>(act: (disk: Storage) => Answer) => calm(() => (may() ? act(localStorage) : undefined))()
  return {
    textOf: (name) => touch((disk) => disk.getItem(prefix + name)) || '',
    keep: (name, text) => touch((disk) => disk.setItem(prefix + name, text)),
    discard: (name) => touch((disk) => disk.removeItem(prefix + name)),
  }
}
