import type { IncomingHttpHeaders } from 'node:http'
import type { Limits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** One statement with its parameters; `array_mode` asks for rows as arrays instead of objects. */
export type Statement = { query: string; params: unknown[]; array_mode: boolean }

/** What a request asks for: one statement, or a batch in one transaction that `begin` opens. */
export type Ask = { statements: [Statement] } | { statements: Statement[]; begin: string }

/** The wire counts the parameters of a statement in 16 bits. */
const params_max = 65_535

/** Reads a `/sql` request as Neon's proxy does; a refusal names what cannot be read. */
export function askOf(headers: IncomingHttpHeaders, body: string, limits: Limits): Ask | Refusal {
  if (headers['neon-raw-text-output'] !== 'true') {
    return unreadable(
      'This gateway answers raw text only: send Neon-Raw-Text-Output: true, as the driver does',
      '0A000',
    )
  }
  const payload = parsed(body)
  if (!isObject(payload)) return unreadable('The request body is not a JSON object')
  const array_mode = headers['neon-array-mode'] === 'true'
  if (payload.queries === undefined) {
    const statement = statementOf(payload, array_mode)
    return statement instanceof Refusal ? statement : { statements: [statement] }
  }
  if (!Array.isArray(payload.queries)) return unreadable('`queries` is not a list')
  if (payload.queries.length > limits.batch_statements_max) {
    return new Refusal(400, {
      code: '54000',
      message: `A batch holds at most ${limits.batch_statements_max} statements`,
    })
  }
  const begin = beginOf(headers)
  if (begin instanceof Refusal) return begin
  const statements: Statement[] = []
  for (const query of payload.queries) {
    const statement = statementOf(query, array_mode)
    if (statement instanceof Refusal) return statement
    statements.push(statement)
  }
  return { statements, begin }
}

function statementOf(value: unknown, array_mode: boolean): Statement | Refusal {
  if (!isObject(value)) return unreadable('A query is not a JSON object')
  const { query, params = [], arrayMode = array_mode } = value
  if (typeof query !== 'string') return unreadable('`query` is not a string')
  if (!Array.isArray(params)) return unreadable('`params` is not a list')
  if (params.length > params_max) {
    return new Refusal(400, { code: '54000', message: `A statement takes at most ${params_max} parameters` })
  }
  return { query, params, array_mode: arrayMode === true }
}

const isolation_levels: Record<string, string> = {
  ReadUncommitted: 'read uncommitted',
  ReadCommitted: 'read committed',
  RepeatableRead: 'repeatable read',
  Serializable: 'serializable',
}

/** Anything but `true` is false, as Neon reads its headers. */
function beginOf(headers: IncomingHttpHeaders): string | Refusal {
  const level = headers['neon-batch-isolation-level']
  const isolation = level === undefined ? undefined : isolation_levels[String(level)]
  if (level !== undefined && isolation === undefined) {
    return unreadable(`invalid isolation level: use one of ${Object.keys(isolation_levels).join(', ')}`, '22023')
  }
  const modes = [
    isolation && `isolation level ${isolation}`,
    headers['neon-batch-read-only'] === 'true' && 'read only',
    headers['neon-batch-deferrable'] === 'true' && 'deferrable',
  ]
  return ['begin', modes.filter(Boolean).join(', ')].join(' ').trimEnd()
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What may stand in a body, nothing of it believed yet. */
type Payload = { query?: unknown; params?: unknown; arrayMode?: unknown; queries?: unknown }

function isObject(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unreadable(message: string, code = '08P01'): Refusal {
  return new Refusal(400, { code, message })
}
