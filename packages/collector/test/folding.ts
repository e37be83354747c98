import { sql } from 'kysely'
import { expect, vi } from 'vitest'
import type { AskedSite } from '../src/query/ask.ts'
import type { Database } from '../src/store/database.ts'
import { fold, foldStateOf } from '../src/store/fold.ts'
import { packAll } from '../src/store/pack.ts'
import { findSite, saveSite } from '../src/store/sites.ts'

/** Folds until nothing waits. A transaction that is under way anywhere in the cluster may hold it up for a moment. */
export const foldToTheEnd = (database: Database, events_max = 1_000): Promise<void> =>
  vi.waitFor(
    async () => {
      while (await fold(database, events_max));
      expect((await foldStateOf(database)).events_waiting).toBe(0)
      // A site is folded anew once every transaction that began before has ended.
      await refold(database, events_max)
      const { rows } = await sql`select from refolds`.execute(database)
      expect(rows).toHaveLength(0)
    },
    { timeout: 25_000, interval: 20 },
  )

/** One step of whatever is to be done: 0 where nothing of what was there when it began is left. */
export const foldStep = async (database: Database, events_max: number): Promise<number | null | undefined> => {
  const { rows } = await sql<{ left: number | null }>`select fold_step(10000, ${events_max}) as left`.execute(database)
  return rows[0]?.left
}

/** One step of folding a site anew. */
export const refold = (database: Database, events_max: number) => sql`select refold(${events_max})`.execute(database)

/** Sets a site's clock, as an operator does. */
export const setClock = async (database: Database, { key }: AskedSite, time_zone: string): Promise<AskedSite> => {
  const site = await findSite(database, key)
  if (!site) throw new Error(`there is no site ${key}`)
  const { id, ...settings } = site
  return saveSite(database, { ...settings, time_zone })
}

/** Packs, a few visits at a time, what began before this moment and no running transaction holds up. */
export const packUntil = (database: Database, moment_ms: number): Promise<void> =>
  packAll(database, new Date(moment_ms + 38 * 86_400_000), { events_max: 5, steps_max: 100 })
