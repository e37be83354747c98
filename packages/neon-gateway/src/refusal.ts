import pg from 'pg'

/**
 * Why something was not done. `status` is the HTTP status: the driver reads the fields of a 400 only, so everything a
 * caller may want to act on is a 400, as at Neon. The fields are those of a Postgres error; `code` is a SQLSTATE.
 */
export class Refusal {
  readonly status: number
  readonly error: PostgresError

  constructor(status: number, error: Pick<PostgresError, 'code' | 'message'> & Partial<PostgresError>) {
    this.status = status
    this.error = { severity: 'ERROR', ...error }
  }
}

/** The fields that Neon sends, and the driver copies onto its `NeonDbError`, under their names there. */
const detail_fields = [
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const

/** An error in the words of Postgres. */
export type PostgresError = { severity: string; code: string; message: string } & {
  [F in (typeof detail_fields)[number]]?: string
}

/** What a failed statement says: Postgres's own words, or that its connection broke and the outcome is unknown. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof pg.DatabaseError) return new Refusal(400, wordsOf(error))
  return new Refusal(400, {
    code: '08006',
    message: `The connection to the database broke: ${reasonOf(error)}`,
    hint: 'The statement may or may not have been done.',
  })
}

/** What a failed attempt to connect says: Postgres's own words, or that nobody answered. */
export function refusalOfConnecting(error: unknown): Refusal {
  if (error instanceof pg.DatabaseError) return new Refusal(400, wordsOf(error))
  return new Refusal(400, {
    severity: 'FATAL',
    code: '08001',
    message: `The database cannot be reached: ${reasonOf(error)}`,
    hint: 'The gateway tries again with the next request: start Postgres, and nothing else.',
  })
}

function wordsOf(error: pg.DatabaseError): PostgresError {
  const words: PostgresError = {
    severity: error.severity ?? 'ERROR',
    code: error.code ?? 'XX000',
    message: error.message,
  }
  for (const field of detail_fields) {
    const value = error[field]
    if (value !== undefined) words[field] = value
  }
  return words
}

/** Node names the trouble in `code` where a host has several addresses and the message is empty (AggregateError). */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name)
}
