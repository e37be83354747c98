import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { type Asked, columnsOf, groupingOf } from './columns.ts'
import { conditionOf } from './condition.ts'
import { dimensions } from './dimensions.ts'

/**
 * Answers what is about events alone, straight from where they lie. A range of time is a range of ids, which is the
 * partition key; `skewed` has an index of its own. A table whose columns nothing asks for is not read: the planner
 * drops a left join on a primary key.
 */
export const fromEvents = ({ site_id, query }: Asked): RawBuilder<unknown> => sql`
  select ${columnsOf(query, (name) => (isTime(name) ? clocks[name].label(sql`event.at`) : dimensions[name].value))}
  from bounds
  cross join events as event
  left join pages as page on page.site = event.site and page.id = event.page
  left join actions as action on action.site = event.site and action.id = event.action
  where event.site = ${site_id}
    and event.at >= read_from and event.at < read_to
    and (event.skewed or (event.id >= from_id and event.id < to_id))
    and ${query.filters ? conditionOf(query.filters) : sql`true`}
  ${groupingOf(query)}`
