import { type RawBuilder, sql } from 'kysely'

/**
 * These columns of the raw events in and around the range, whether they have rows of their own or are packed into their visits
 * (0016). A range of time is a range of ids, which is the partition key; `skewed` has an index of its own.
 */
export const eventsIn = (site_id: number, columns: RawBuilder<unknown>): RawBuilder<unknown> => sql`
    select ${columns}
    from bounds
    cross join events
    where site = ${site_id}
      and at >= read_from and at < read_to
      and (skewed or (id >= from_id and id < to_id))
    union all
    select ${columns}
    from bounds
    cross join packed_events
    where site = ${site_id}
      and visit_started_at >= visits_from and visit_started_at < read_to
      and at >= read_from and at < read_to`
