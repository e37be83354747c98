import { calm } from './calm.ts'
import type { Entry } from './queue.ts'

/** Where unsent events outlive their page, and their browser. */
export type Outbox = {
  /** Gives what earlier pages left. Another tab's may be among it: it has its old id, which the collector counts once. */
  load: (found: (entry: Entry) => void) => void
  save: (entry: Entry) => void
  drop: (entries: readonly Entry[]) => void
  /** Removes it all, and opens nothing. */
  erase: () => void
}

/**
 * Unsent events of one site in IndexedDB, which keeps what was written when the browser is killed, as `localStorage` does
 * not for seconds; opened only while they `may` be kept. Where it is blocked, absent or full, nothing is found or kept.
 */
export const createOutbox = (site: string, may: () => boolean): Outbox => {
  const name = `balise:${site}`
  let opened: Promise<IDBDatabase> | undefined

  let acts: ((events: IDBObjectStore) => void)[] = []

  /** All that one task of the page asks for is one transaction: a burst is kept before the page can be killed. */
  const use = (act: (events: IDBObjectStore) => void): void => {
    if (acts.push(act) > 1) return
    opened = opened || open(name)
    opened
      .then((database) => {
        const change = database.transaction(name, 'readwrite')
        for (const each of acts.splice(0)) each(change.objectStore(name))
        // Now, not after an answer, for which the page may not live.
        change.commit()
      })
      .catch((error) => {
        acts = []
        console.debug('[balise]', error)
      })
  }

  return {
    load: (found) =>
      use((events) => {
        const all = events.getAll()
        all.onsuccess = () => (all.result as Entry[]).forEach(found)
      }),
    save: (entry) => may() && use((events) => events.put(entry)),
    drop: (entries) =>
      opened &&
      use((events) => {
        for (const { id } of entries) events.delete(id)
      }),
    erase: calm(() => {
      opened = undefined
      indexedDB.deleteDatabase(name)
    }),
  }
}

const open = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(name, { keyPath: 'id' })
    request.onerror = reject
    request.onsuccess = () => {
      // Who erases, in this tab or another, waits for nobody.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
  })
