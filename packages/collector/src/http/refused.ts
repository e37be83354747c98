import { fieldErrorsOf } from '@balise/shared/field-errors'
import { type FieldError, type Problem, type ProblemCode, problems } from '@balise/shared/problem'
import type { ZodError } from 'zod'

/** A request that is turned away: a value with a name, so that it can be counted before it is told. */
export type Refused = {
  code: ProblemCode
  errors?: FieldError[]
  /** Of a limit that was reached: which one, and when it may be tried again. */
  limit?: Limit
}

/** A limit that was reached, by the name its refusals are counted under. */
export type Limit = { name: string; retry_after_seconds: number }

/** What a door gives: an answer, or a refusal that is still to be counted and told. */
export type Answered = Response | { refused: Refused }

/** Turns a request away for this reason; `errors` say which fields are wrong. */
export const refuse = (code: ProblemCode, errors?: FieldError[]): { refused: Refused } => ({
  refused: errors ? { code, errors } : { code },
})

/** Turns away a request that is not of the documented shape, field by field. */
export const refuseInvalid = (error: ZodError): { refused: Refused } => refuse('invalid', fieldErrorsOf(error))

/** Turns away a request for now: it may come again, as it is, after the limit's seconds. */
export const refuseUntil = (code: 'too_many_requests' | 'quota_exceeded', limit: Limit): { refused: Refused } => ({
  refused: { code, limit },
})

/** Seconds after which a batch that could not be taken may come again. */
const retry_after_seconds = 5

/** A refusal as `application/problem+json` (RFC 9457): a stable code, and what to do about it. */
export const problemOf = ({ code, errors, limit }: Refused): Response => {
  const { status, title } = problems[code]
  const body: Problem = { code, status, title, ...(errors ? { errors } : {}) }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(limit ? { 'retry-after': String(limit.retry_after_seconds) } : {}),
      ...(status === 503 ? { 'retry-after': String(retry_after_seconds) } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(status === 405 ? { allow: 'POST, OPTIONS' } : {}),
    },
  })
}
