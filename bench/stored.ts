import type pg from 'pg'

/** How many events are stored: those that have rows, and those that are packed into their visits. */
export const storedEvents = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ rows: string; packed: string }>(
    `select (select count(*) from events) as rows,
      (select coalesce(sum(cardinality(deeds)), 0) from visits where is_packed) as packed`,
  )
  return Number(rows[0]?.rows) + Number(rows[0]?.packed)
}
