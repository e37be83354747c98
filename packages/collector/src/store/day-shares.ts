import { sql } from 'kysely'
import type { DayShare, DayShares } from '../keys/site-day-keys.ts'
import type { Database } from './database.ts'
import type { Placement } from './placement.ts'

/** The databases' halves of the site-day keys, each where its site lives. */
export const dayShares = (placement: Placement): DayShares => {
  const find = (site: number, day: string): Promise<DayShare | null> =>
    placement.at(site, async ({ asSite }) => {
      const kept = await asSite(site)
        .selectFrom('site_day_shares')
        .select(['share', 'other_share', 'dies_at'])
        .where('site', '=', site)
        .where('day', '=', day)
        .executeTakeFirst()
      return kept ?? null
    })

  return {
    find,
    keep: async (site, day, share) => {
      await placement.at(site, ({ database }) =>
        sql`
          select keep_day_share(${site}, ${day}, ${share.share}, ${share.other_share}, ${share.dies_at})
        `.execute(database),
      )
      return (await find(site, day)) ?? share
    },
  }
}

/** Destroys the halves whose time has come. They were refused since then already. */
export const destroyDeadShares = async (database: Database, now: Date): Promise<void> => {
  await sql`select destroy_dead_shares(${now})`.execute(database)
}
