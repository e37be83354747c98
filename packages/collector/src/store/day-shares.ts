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
        database
          .insertInto('site_day_shares')
          .values({ site, day, ...share })
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
      return (await find(site, day)) ?? share
    },
  }
}

/** Destroys the halves whose time has come. They were refused since then already. */
export const destroyDeadShares = async (database: Database, now: Date): Promise<void> => {
  await sql`delete from site_day_shares where dies_at <= ${now}`.execute(database)
}
