import { calm } from './calm.ts'

/** One site's texts in `localStorage`. Where that is blocked, absent or full, nothing is found and nothing is kept. */
export type Disk = {
  /** The text of that name, or `''`. */
  kept: (name: string) => string
  /** Keeps a text; without one the name is removed. */
  keep: (name: string, text?: string) => void
}

/** Opens what one site keeps. Storage is not looked at before it is asked for something. */
export const createDisk = (site: string): Disk => {
  const prefix = `balise:${site}:`
  return {
    kept: (name) => calm(() => localStorage.getItem(prefix + name))() || '',
    keep: calm((name, text) => {
      if (text) localStorage.setItem(prefix + name, text)
      else localStorage.removeItem(prefix + name)
    }),
  }
}
