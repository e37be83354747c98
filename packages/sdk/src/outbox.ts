import { calm, note } from './calm.ts'
import type { Entry } from './queue.ts'

/** Where undelivered events outlive their page, and their browser. */
export type Outbox = {
  /** Gives what other pages left, which is this page's from now on. One may live and send its own: ids make it once. */
  adopt: (found: (entry: Entry) => void) => void
  /** Keeps these instead of what this page kept before. */
  keep: (entries: readonly Entry[]) => void
  /** Removes it all, and opens nothing. */
  erase: () => void
}

/**
 * Undelivered events of one site, page by page, in IndexedDB, which keeps what was written when the browser is killed, as
 * `localStorage` does not for seconds. Where it is blocked, absent or full, nothing is found or kept.
 */
export const createOutbox = (site: string): Outbox => {
  const name = `balise:${site}`
  const page = Math.random()
  let opened: Promise<IDBDatabase> | undefined
  let kept: readonly Entry[] | undefined

  const forget = (): void => {
    opened = kept = undefined
  }

  /** One after the other: nothing is kept before it is known what was left. */
  const use = (act: (pages: IDBObjectStore) => unknown): void => {
    opened = (opened || open(name, forget)).then(async (database) => {
      const change = database.transaction(name, 'readwrite')
      await act(change.objectStore(name))
      // Now: a page that is frozen or killed answers no event of the database, and would hold others up until it is evicted.
      change.commit?.()
      return database
    })
    opened.catch(note)
  }

  return {
    adopt: (found) =>
      use(async (pages) => {
        const entries = (await resultOf<Entry[][]>(pages.getAll())).flat()
        // Whenever the browser is killed, either the others have them or this page has.
        pages.clear()
        pages.put(entries, page)
        entries.forEach(found)
      }),
    keep(entries) {
      if (entries !== kept) use((pages) => (entries[0] ? pages.put(entries, page) : pages.delete(page)))
      kept = entries
    },
    erase: calm(() => {
      forget()
      indexedDB.deleteDatabase(name)
    }),
  }
}

const open = async (name: string, onClose: () => void): Promise<IDBDatabase> => {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => request.result.createObjectStore(name)
  const database = await resultOf(request)
  // Who erases, in this tab or another, waits for nobody.
  database.onversionchange = () => {
    database.close()
    onClose()
  }
  return database
}

const resultOf = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = reject
  })
