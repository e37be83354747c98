import type { FieldError } from '@balise/shared/problem'
import type { Answer } from '@balise/shared/stats/answer'
import type { Query } from '@balise/shared/stats/query'
import type { Database } from '../store/database.ts'
import { objectionsTo } from './objections.ts'
import { statementOf } from './statement.ts'

/** The site a question is about: whose events count, and whose clock says what a day is. */
export type AskedSite = { id: number; key: string; time_zone: string }

/**
 * Answers a question: exactly, in one statement. `now` tells what today is on the site's clock.
 *
 * What no answer makes sense for is refused, by field. What the numbers mean is in `docs/query.md`.
 */
export const ask = async (
  database: Database,
  site: AskedSite,
  query: Query,
  now: Date,
): Promise<Answer | { errors: FieldError[] }> => {
  const errors = objectionsTo(query)
  if (errors.length > 0) return { errors }

  const { rows } = await statementOf({ site, query, now }).execute(database)
  const [told] = rows
  if (!told) throw new Error('A question gives one row.')
  return { results: told.results, meta: { time_zone: site.time_zone, ...told.meta }, query }
}
