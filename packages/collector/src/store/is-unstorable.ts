/** Data exceptions, broken constraints, wrong cardinality, a value over a limit of the program. */
const data_classes = ['21', '22', '23', '54']

/**
 * Whether the database refused a delivery because of its own data: it will do so every time. Any other failure may pass,
 * be it that the database is away, is not migrated yet, or that our code is wrong and will be mended.
 *
 * SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const isUnstorable = (failure: unknown): failure is Error => {
  if (!(failure instanceof Error) || !('code' in failure) || typeof failure.code !== 'string') return false
  return failure.code.length === 5 && data_classes.includes(failure.code.slice(0, 2))
}
