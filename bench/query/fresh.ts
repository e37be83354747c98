import type pg from 'pg'

/**
 * Stores `count` events of `now` that no fold has seen: some of the last hour happen once more, by the same visitors.
 * Answers the mark that {@link forgetSince} takes.
 */
export const storeFresh = async (
  client: pg.Client,
  site: number,
  { now, count }: { now: Date; count: number },
): Promise<string> => {
  const { rows } = await client.query<{ mark: string; names: string }>(
    `select pg_snapshot_xmin(pg_current_snapshot())::text as mark, string_agg(quote_ident(attname), ', ') as names
    from pg_attribute
    where attrelid = 'events'::regclass and attnum > 0 and not attisdropped and attname <> all($1)`,
    [['id', 'at', 'site', 'stored_by']],
  )
  const { mark = '0', names = '' } = rows[0] ?? {}
  await client.query(
    `insert into events (site, id, at, ${names})
    select site, (left(uuidv7_floor($2)::text, 14) || '7' || right(gen_random_uuid()::text, 21))::uuid, $2, ${names}
    from events
    where site = $1 and id >= uuidv7_floor($2::timestamptz - interval '1 hour')
    limit $3`,
    [site, now, count],
  )
  await client.query('analyze events')
  return mark
}

/** Takes away what was stored since a mark and is not folded. */
export const forgetSince = async (client: pg.Client, site: number, mark: string): Promise<void> => {
  await client.query('delete from events where site = $1 and stored_by >= $2', [site, mark])
}
