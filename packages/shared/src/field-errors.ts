import type { ZodError } from 'zod'
import type { FieldError } from './problem.ts'

type Issue = ZodError['issues'][number]

/** What is wrong, field by field, at most `errors_max` of them: from zod's issues to the words of a {@link FieldError}. */
export const fieldErrorsOf = (error: ZodError, errors_max = 10): FieldError[] =>
  error.issues.flatMap(deepest).slice(0, errors_max).map(fieldErrorOf)

/**
 * A union reports each branch it tried; people want the one that fits best: of lists that begin with a word, the branch of
 * that word; else the branch whose issues lie deepest.
 */
const deepest = (issue: Issue): Issue[] => {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const branches = issue.errors.map((branch) => branch.flatMap((inner) => deepest(inner as Issue)))
  const depthOf = (branch: Issue[]) => Math.max(...branch.map((inner) => inner.path.length))
  const best =
    branches.find((branch) => !branch.some(isAboutTheWord)) ??
    branches.reduce((a, b) => (depthOf(b) > depthOf(a) ? b : a))
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** What is wrong with the whole, or with the first of a list. */
const isAboutTheWord = ({ path }: Issue): boolean => path.length === 0 || (path.length === 1 && path[0] === 0)

const fieldErrorOf = (issue: Issue): FieldError => {
  if (issue.code === 'unrecognized_keys')
    return { field: [...issue.path, issue.keys[0] ?? ''].join('.'), message: 'unknown key' }
  const field = issue.path.join('.')
  if (issue.code === 'invalid_value')
    return { field, message: 'not one of the allowed values', allowed: issue.values.map(String) }
  return { field, message: issue.message }
}
