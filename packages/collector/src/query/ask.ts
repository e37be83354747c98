import type { FieldError, ProblemCode } from '@balise/shared/problem'
import type { Answer } from '@balise/shared/stats/answer'
import type { Query } from '@balise/shared/stats/query'
import type { Database } from '../store/database.ts'
import { objectionsTo } from './objections.ts'
import { type Posed, statementOf, type Told } from './statement.ts'

/** The site a question is about: whose events count, and whose clock says what a day is. */
export type AskedSite = { id: number; key: string; time_zone: string }

/** Why a question has no answer, by field; `invalid` unless a code says otherwise. */
export type Objection = { code?: ProblemCode; errors: FieldError[] }

/**
 * Answers a question: exactly, in one statement; in two while rollups are made anew, as after the site's clock was set.
 * `now` tells what today is on that clock.
 *
 * What no answer makes sense for is refused, by field. What the numbers mean is in `docs/query.md`.
 */
export const ask = async (
  database: Database,
  site: AskedSite,
  query: Query,
  now: Date,
): Promise<Answer | Objection> => {
  const errors = objectionsTo(query)
  if (errors.length > 0) return { errors }

  const posed = { site, query, now }
  const first = await told(database, posed)
  const { results, meta, beyond_retention } = first.is_exact
    ? first
    : await told(database, { ...posed, from_raw: true })
  if (beyond_retention) return { code: 'beyond_retention', errors: [beginningWith(beyond_retention)] }
  return { results, meta: { time_zone: site.time_zone, ...meta }, query }
}

const beginningWith = (day: string): FieldError => ({
  field: 'date_range',
  message: `days from ${day} on, or over all days visitors by time:day or time:month: what this needs of earlier ones is gone`,
})

const told = async (database: Database, posed: Posed): Promise<Told> => {
  const { rows } = await statementOf(posed).execute(database)
  const [row] = rows
  if (!row) throw new Error('A question gives one row.')
  return row
}
