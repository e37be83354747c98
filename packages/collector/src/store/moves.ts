import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * What becomes of each table of a site that moves. `events` brings the dimensions along; rollups are folded anew where the
 * site arrives, and no more is brought along than events refer to; tokens and the move itself stay. What is `added` to is
 * copied in a first pass and then once more as far as it is new, and so are the `newest` of what may be many; what is
 * `counted` is small and replaced as a whole.
 */
export const movedTables = {
  events: 'in rounds',
  pages: 'with events',
  origins: 'with events',
  actions: 'with events',
  clients: 'with events',
  places: 'with events',
  rollups: 'folded anew',
  visits: 'folded anew',
  deeds: 'folded anew',
  unfolded: 'folded anew',
  packs: 'folded anew',
  refolds: 'folded anew',
  sweeps: 'swept anew',
  strays: 'swept anew',
  suppressions: 'added',
  erasures: 'added',
  counted_refusals: 'newest',
  refusals: 'counted',
  border_visits: 'counted',
  quota_draws: 'counted',
  dead_letters: 'counted',
  site_day_shares: 'counted',
  tokens: 'stays',
  copies: 'stays',
} as const

/** How far a copy has come: see the table `copies`. `ends_before`: what was not begun to be stored by then is not chased. */
export type Progress = {
  copied_before: string
  round_began: string | null
  ends_before: string
  position: string | null
}

/** The databases that hold a copy of a site which lives here. */
export const copiesOf = async (place: Database, site: number): Promise<string[]> => {
  const rows = await place.selectFrom('copies').select('database').where('site', '=', site).execute()
  return rows.map(({ database }) => database)
}

/** Notes where a copy of a site lies; one that is begun `afresh` has come nowhere yet. */
export const noteCopy = async (
  place: Database,
  { site, database, afresh }: { site: number; database: string; afresh: boolean },
): Promise<void> => {
  if (afresh) await forgetCopy(place, site, database)
  await sql`insert into copies (site, database) values (${site}, ${database}) on conflict do nothing`.execute(place)
}

/** Notes that a copy is gone. */
export const forgetCopy = async (place: Database, site: number, database: string): Promise<void> => {
  await place.deleteFrom('copies').where('site', '=', site).where('database', '=', database).execute()
}

/** A site's own row as JSON, whatever columns it has. */
export const siteRowOf = async (source: Database, site: number): Promise<string> => {
  const { rows } = await sql<{ row: string }>`
    select row_to_json(sites)::text as row from sites where id = ${site}
  `.execute(source)
  const [found] = rows
  if (!found) throw new Error(`the site ${site} has no row where it lives`)
  return found.row
}

/** Makes the row of a site that arrives from the database that is named. At home it is there already. */
export const receiveSite = async (target: Database, row: string, lives_on: string): Promise<void> => {
  await sql`
    insert into sites overriding system value
    select s.* from json_populate_record(null::sites, ${row}::json) as site
    cross join json_populate_record(site, json_build_object(
      'lives_on', ${lives_on}::text, 'arrives', true, 'held_until', null
    )) as s
    on conflict (id) do update set lives_on = excluded.lives_on, arrives = true where sites.lives_on is not null
  `.execute(target)
}

/** Sets a site as it is set where it comes from. */
export const receiveSettings = async (target: Database, row: string): Promise<void> => {
  const { rows } = await sql<{ name: string }>`
    select quote_ident(attname) as name from pg_attribute
    where attrelid = 'sites'::regclass and attnum > 0 and not attisdropped
      and attname <> all (array['id', 'key', 'created_at', 'lives_on', 'arrives', 'held_until'])
  `.execute(target)
  const names = sql.raw(rows.map(({ name }) => name).join(', '))
  await sql`
    update sites set (${names}) = (select ${names} from json_populate_record(null::sites, ${row}::json))
    where id = (${row}::json ->> 'id')::integer
  `.execute(target)
}

/**
 * How far a copy has come, in the round that is under way or in a new one. A round will have copied whatever was stored
 * before it began; the rounds after it take what came since, so that it ends however much a site stores meanwhile.
 */
export const beginRound = async (source: Database, site: number, database: string): Promise<Progress> => {
  await sql`
    update copies set round_began = pg_snapshot_xmin(pg_current_snapshot())::text::bigint, position = null
    where site = ${site} and database = ${database} and round_began is null
  `.execute(source)
  return source
    .selectFrom('copies')
    .select(['copied_before', 'round_began', 'position'])
    .select(sql<string>`pg_snapshot_xmax(pg_current_snapshot())::text`.as('ends_before'))
    .where('site', '=', site)
    .where('database', '=', database)
    .executeTakeFirstOrThrow()
}

/** Notes that a round has come to this event; `null`: that it is through. */
export const notePosition = async (
  source: Database,
  { site, database, position }: { site: number; database: string; position: string | null },
): Promise<void> => {
  const noted = position ? sql`position = ${position}` : sql`copied_before = round_began, round_began = null`
  await sql`update copies set ${noted} where site = ${site} and database = ${database}`.execute(source)
}

/** 50 MB as JSON. What comes again comes soon, as a rule. */
const newest_rows_max = 500_000

/** The rows of a site in a table that is copied as it is; with `since_copy`, those that are newer than that copy. */
export const rowsOf = async (
  source: Database,
  table: MovedWhole,
  { site, since_copy }: { site: number; since_copy?: string },
): Promise<string> => {
  const isNew = sql`at > (
      select noted_at from copies where site = ${site} and database = ${since_copy}
    ) - interval '10 minutes'`
  const what = movedTables[table]
  const { rows } = await sql<{ rows: string }>`
    select coalesce(json_agg(t), '[]')::text as rows from (
      select * from ${sql.table(table)}
      where site = ${site} and ${since_copy && what !== 'counted' ? isNew : sql`true`}
      ${what === 'newest' ? sql`order by at desc limit ${newest_rows_max}` : sql``}
    ) as t
  `.execute(source)
  return rows[0]?.rows ?? '[]'
}

/** Puts rows into a table of a site that arrives, in place of those that are counted anew. */
export const receiveRows = async (
  target: Database,
  table: MovedWhole,
  { site, rows }: { site: number; rows: string },
): Promise<void> => {
  await target.transaction().execute(async (transaction) => {
    await sql`select set_config('balise.arriving', ${String(site)}, true)`.execute(transaction)
    if (movedTables[table] === 'counted')
      await sql`delete from ${sql.table(table)} where site = ${site}`.execute(transaction)
    await sql`
      insert into ${sql.table(table)}
      select * from json_populate_recordset(null::${sql.table(table)}, ${rows}::json)
      on conflict do nothing
    `.execute(transaction)
  })
}

/** The tables that are copied as they are. */
export const moved_whole = [
  'suppressions',
  'erasures',
  'counted_refusals',
  'refusals',
  'border_visits',
  'quota_draws',
  'dead_letters',
  'site_day_shares',
] as const

type MovedWhole = (typeof moved_whole)[number]

/**
 * Lets nobody write to a site from now on, for ten seconds at most: should its move die, it is written to again. Whoever
 * writes now is waited for, but not for long, because others would wait behind: false where that was not enough.
 */
export const holdSite = async (source: Database, site: number): Promise<boolean> => {
  const hold = source.transaction().execute(async (transaction) => {
    await sql`set local lock_timeout = '300ms'`.execute(transaction)
    await sql`select pg_advisory_xact_lock(hashtext('balise erasure'), ${site})`.execute(transaction)
    await sql`
      update sites set held_until = clock_timestamp() + interval '10 seconds' where id = ${site} and lives_on is null
    `.execute(transaction)
    return true
  })
  return hold.catch((failure: unknown) => {
    if (failure instanceof Error && 'code' in failure && failure.code === '55P03') return false // lock_not_available
    throw failure
  })
}

/** Lets everybody write to a site again that was held. */
export const releaseSite = async (source: Database, site: number): Promise<void> => {
  await sql`update sites set held_until = null where id = ${site}`.execute(source)
}

/**
 * Lets go of a site: from now on it lives elsewhere, and nobody writes to it here. That is when it has moved. False where it
 * was held for so long that others may have written to it since.
 */
export const letGo = async (source: Database, site: number, lives_on: string): Promise<boolean> =>
  source.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('balise erasure'), ${site})`.execute(transaction)
    const { numAffectedRows } = await sql`
      update sites set lives_on = ${lives_on}, held_until = null
      where id = ${site} and lives_on is null and held_until > clock_timestamp()
    `.execute(transaction)
    return numAffectedRows === 1n
  })

/** Notes at home where a site lives, which is not at home. */
export const noteAtHome = async (database: Database, site: number, lives_on: string): Promise<void> => {
  await sql`
    update sites set lives_on = ${lives_on} where id = ${site} and lives_on is not null and not arrives
  `.execute(database)
}

/** Takes a copy for what is to be removed: it can no longer be gone on with. */
export const stopArrival = async (database: Database, site: number): Promise<void> => {
  await sql`update sites set arrives = false where id = ${site} and lives_on is not null`.execute(database)
}

/** Removes some rows of a site that does not live here. Answers how many; 0 when nothing of it is left. */
export const removeSome = async (database: Database, site: number, rows_max: number): Promise<number> =>
  database.transaction().execute(async (transaction) => {
    // Nobody else may be at it: a fold would put back what it had begun with.
    await sql`select pg_advisory_xact_lock(hashtext('balise erasure'), ${site})`.execute(transaction)
    for (const [table, what] of Object.entries(movedTables)) {
      if (what === 'stays') continue
      const { numAffectedRows = 0n } = await sql`
        delete from ${sql.table(table)}
        where site = ${site} and ctid = any(array(
          select ctid from ${sql.table(table)} where site = ${site} limit ${rows_max}
        ))
        and exists (select from sites where id = ${site} and lives_on is not null)
      `.execute(transaction)
      if (numAffectedRows > 0n) return Number(numAffectedRows)
    }
    return 0
  })

/** Forgets what this database noted of a site's copies, which lives elsewhere now. */
export const forgetCopies = async (database: Database, site: number): Promise<void> => {
  await sql`
    delete from copies where site = ${site} and exists (select from sites where id = ${site} and lives_on is not null)
  `.execute(database)
}

/** Forgets that a site ever lived on this database, of which nothing of it is left. */
export const removeSite = async (database: Database, site: number): Promise<void> => {
  await sql`delete from sites where id = ${site} and lives_on is not null`.execute(database)
}

/** Keeps two from moving one site at once. Whoever died lets go a moment later. */
export const asOnlyMover = async <Result>(
  source: Database,
  site: number,
  act: () => Promise<Result>,
): Promise<Result> =>
  source.connection().execute(async (connection) => {
    await sql`set lock_timeout = '5s'`.execute(connection)
    await sql`select pg_advisory_lock(hashtext('balise move'), ${site})`
      .execute(connection)
      .catch((failure: unknown) => {
        throw new Error('this site is being moved by another process', { cause: failure })
      })
    return act().finally(() => sql`select pg_advisory_unlock(hashtext('balise move'), ${site})`.execute(connection))
  })
