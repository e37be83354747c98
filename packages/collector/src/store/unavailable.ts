/** SQLSTATE classes that say "not now": connection, resources, operator's act, system; and conflicts that pass. */
const passing_classes = ['08', '53', '57', '58', '40']

const network_codes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN']

/** What the drivers say when they cannot reach the database; they give these no code. */
const driver_sentences =
  /connection terminated|is not queryable|timeout|fetch failed|error connecting to database|network connection lost/i

/**
 * Whether a failure means that a store cannot be reached or is busy now, so that the same act may succeed later.
 * Otherwise the same act would fail again: its data or our code is wrong.
 *
 * SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const isUnavailable = (failure: unknown): boolean => {
  if (!(failure instanceof Error)) return false
  const code = 'code' in failure && typeof failure.code === 'string' ? failure.code : ''
  // Before anything is read as an SQLSTATE: EPIPE looks like one.
  if (network_codes.includes(code)) return true
  if (/^[0-9A-Z]{5}$/.test(code)) return passing_classes.includes(code.slice(0, 2))
  if (driver_sentences.test(failure.message)) return true
  return failure.cause !== undefined && isUnavailable(failure.cause)
}
