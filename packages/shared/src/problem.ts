import { z } from 'zod'

/**
 * Every way a request can be turned away: stable code → HTTP status and what to do about it. The sentence is for the
 * person who reads it and never tells what happened inside.
 */
export const problems = {
  unreadable: { status: 400, title: 'The body is not JSON. Send one JSON object.' },
  too_deep: { status: 400, title: 'The body nests too deeply. Send at most 64 levels of lists and objects.' },
  invalid: { status: 400, title: 'The request is not of the documented shape. The errors name each field.' },
  beyond_retention: {
    status: 400,
    title:
      'What this needs of the first days is gone by the retention of the site. The errors name the first day to ask for.',
  },
  unauthorized: { status: 401, title: 'Send a valid token: "Authorization: Bearer …".' },
  forbidden: { status: 403, title: 'The token does not cover this site or this act. Use one that has the scope.' },
  unknown_site: { status: 403, title: 'No such site here. Check the site key, or create it: "balise site add".' },
  origin_not_allowed: { status: 403, title: 'This origin may not send for the site. Add its host to the site.' },
  not_found: { status: 404, title: 'Nothing lives at this address. See /docs.' },
  method_not_allowed: { status: 405, title: 'The address exists, the method does not. See the Allow header.' },
  too_large: { status: 413, title: 'The body is too large. Send smaller batches.' },
  unsupported_type: { status: 415, title: 'Send application/json, or text/plain that holds JSON.' },
  too_many_requests: { status: 429, title: 'Too much at once. Send the same again after Retry-After.' },
  quota_exceeded: {
    status: 429,
    title: 'The site has sent its events of today. Send the same batch again after Retry-After, or raise the quota.',
  },
  internal: { status: 500, title: 'Something broke here, not on your side. The request may be sent again.' },
  unavailable: { status: 503, title: 'The store cannot be reached now. Send the same batch again after Retry-After.' },
} as const satisfies Record<string, { status: number; title: string }>

/** A stable code: one of the keys of {@link problems}. */
export type ProblemCode = keyof typeof problems

/** One field that is wrong: where (`"metrics.0"`), and what would be right. */
export const fieldError = z.strictObject({
  field: z.string(),
  message: z.string(),
  allowed: z.array(z.string()).optional(),
})

/** See {@link fieldError}. */
export type FieldError = z.infer<typeof fieldError>

/** The body of every error, as `application/problem+json` (RFC 9457). */
export const problem = z.strictObject({
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  status: z.int(),
  title: z.string(),
  errors: z.array(fieldError).optional(),
})

/** See {@link problem}. */
export type Problem = z.infer<typeof problem>
