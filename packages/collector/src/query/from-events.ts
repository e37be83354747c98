import { type RawBuilder, sql } from 'kysely'
import { clocks, isTime } from './clock.ts'
import { type Asked, columnsOf, groupingOf } from './columns.ts'
import { conditionOf } from './condition.ts'
import { dimensions } from './dimensions.ts'
import { eventsIn } from './events.ts'

/**
 * Answers what is about events alone, straight from where they lie. A table whose columns nothing asks for is not read: the
 * planner drops a left join on a primary key.
 */
export const fromEvents = ({ site_id, query }: Asked): RawBuilder<unknown> => sql`
  select ${columnsOf(query, (name) => (isTime(name) ? clocks[name].label(sql`event.at`) : dimensions[name].value))}
  from bounds
  cross join (${eventsIn(site_id, sql`at, visitor, kind, page, action`)}
  ) as event
  left join pages as page on page.site = ${site_id} and page.id = event.page
  left join actions as action on action.site = ${site_id} and action.id = event.action
  where ${query.filters ? conditionOf(query.filters) : sql`true`}
  ${groupingOf(query)}`
