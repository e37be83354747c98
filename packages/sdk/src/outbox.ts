import { calm } from './calm.ts'
import type { Entry } from './queue.ts'
import { uuidv7 } from './uuid.ts'

/** Where undelivered events outlive their page, and their browser. */
export type Outbox = {
  /** Gives what other pages left, which is this page's from now on. One may live and send its own: ids make it once. */
  load: (found: (entry: Entry) => void) => void
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
  const page = uuidv7(Date.now())
  let opened: Promise<IDBDatabase> | undefined

  /** One after the other: nothing is kept before it is known what was left. */
  const use = (act: (pages: IDBObjectStore) => unknown): void => {
    opened = (opened || open(name)).then(async (database) => {
      const change = database.transaction(name, 'readwrite')
      await act(change.objectStore(name))
      // Now: a page that is frozen or killed answers no event of the database, and would hold others up until it is evicted.
      change.commit()
      return database
    })
    opened.catch((error) => console.debug('[balise]', error))
  }

  return {
    load: (found) =>
      use(
        (pages) =>
          new Promise<void>((resolve) => {
            const all = pages.getAll()
            all.onsuccess = () => {
              const entries = (all.result as Entry[][]).flat()
              // Whenever the browser is killed, either the others have them or this page has.
              pages.clear()
              pages.put(entries, page)
              entries.forEach(found)
              resolve()
            }
          }),
      ),
    keep: (entries) => use((pages) => (entries[0] ? pages.put(entries, page) : pages.delete(page))),
    erase: calm(() => {
      opened = undefined
      indexedDB.deleteDatabase(name)
    }),
  }
}

const open = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(name)
    request.onerror = reject
    request.onsuccess = () => {
      // Who erases, in this tab or another, waits for nobody.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
  })
