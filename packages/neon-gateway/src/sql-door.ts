import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Ask, askOf } from './ask.ts'
import { bodyOf } from './body.ts'
import { type Credentials, credentialsOfHeader, refusalOfCredentials } from './credentials.ts'
import type { StatementResult } from './execute.ts'
import type { Limits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** What answers `POST /sql`: whom to let in, and what does the asking. */
export type SqlDoor = {
  wanted: Credentials
  limits: Limits
  run(ask: Ask): Promise<StatementResult[] | Refusal>
}

/** Answers one request of the driver's `neon()`, in the form of Neon's proxy (`proxy/src/serverless/sql_over_http.rs`). */
export async function answerSql(door: SqlDoor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const given = credentialsOfHeader(request.headers['neon-connection-string'])
  const stranger = given instanceof Refusal ? given : refusalOfCredentials(given, door.wanted)
  const body = await bodyOf(request, door.limits.body_bytes_max)
  if (body === undefined) return
  if (stranger !== undefined) return answer(response, stranger)
  if (body instanceof Refusal) return answer(response, body)
  const ask = askOf(request.headers, body, door.limits)
  if (ask instanceof Refusal) return answer(response, ask)
  const results = await door.run(ask)
  if (results instanceof Refusal) return answer(response, results)
  answer(response, 'begin' in ask ? { results } : results[0])
}

/** Answers with a result, or with a refusal's status and fields. */
export function answer(response: ServerResponse, content: unknown): void {
  const refused = content instanceof Refusal
  const text = JSON.stringify(refused ? content.error : content)
  response.writeHead(refused ? content.status : 200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
