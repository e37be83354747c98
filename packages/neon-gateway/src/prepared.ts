import pg from 'pg'
import type { Limits } from './limits.ts'

/** The statements that one connection holds prepared. */
export type Prepared = {
  /** The name under which the connection keeps this SQL, new at first sight; nothing for SQL that is not worth one. */
  nameOf(query: string): string | undefined
  /** Whether an error says that a prepared statement no longer fits; the connection is then worn. */
  isStale(error: unknown): boolean
  /** Whether the connection should be replaced: that forgets everything at once, in Postgres and in `pg` alike. */
  worn(): boolean
}

/** Names the statements of a new connection. */
export function preparedOf({ prepared_max, prepared_chars_max }: Limits): Prepared {
  const names = new Map<string, string>()
  let stale = false
  return {
    nameOf(query) {
      if (prepared_max === 0 || query.length > prepared_chars_max) return undefined
      const known = names.get(query)
      if (known !== undefined) return known
      const name = `s${names.size}`
      names.set(query, name)
      return name
    },
    isStale(error) {
      stale ||= isStale(error)
      return isStale(error)
    },
    worn: () => stale || names.size > prepared_max,
  }
}

/**
 * `RevalidateCachedQuery` says "cached plan must not change result type" (its message is translated, its routine is
 * not); `FetchPreparedStatement` says that somebody sent `deallocate` or `discard all`. Both come before anything was
 * done. With a `where` they come from inside a function, which a second try does not mend.
 */
function isStale(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.where !== undefined) return false
  return error.routine === 'RevalidateCachedQuery' || error.routine === 'FetchPreparedStatement'
}
