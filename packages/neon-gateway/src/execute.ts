import type pg from 'pg'
import type { Ask, Statement } from './ask.ts'
import { Refusal } from './refusal.ts'

/** What one statement answered, as Neon sends it: each value is the text that Postgres wrote. */
export type StatementResult = {
  command: string | null
  rowCount: number | null
  rows: unknown[]
  fields: pg.FieldDef[]
  rowAsArray: boolean
}

/** A connection that pipelines, and what to keep to on it. `nameOf` names the statements that it should prepare. */
export type Session = {
  client: pg.ClientBase
  answer_chars_max: number
  nameOf(query: string): string | undefined
}

/** Does what is asked on one connection, a batch in one transaction. Throws what `pg` throws, the first error only. */
export async function execute(ask: Ask, session: Session): Promise<StatementResult[]> {
  const { client } = session
  const send = sender(session)
  if (!('begin' in ask)) return [await send(ask.statements[0])]
  // All are sent without waiting: after a failure Postgres ignores the rest (25P02) until the rollback.
  const outcomes = await Promise.allSettled([client.query(ask.begin), ...ask.statements.map(send)])
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  await client.query(failure === undefined ? 'commit' : 'rollback')
  if (failure !== undefined) throw failure.reason
  return outcomes
    .slice(1)
    .flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value as StatementResult] : []))
}

function sender({ client, answer_chars_max, nameOf }: Session) {
  const types = rawText(answer_chars_max)
  return async ({ query, params, array_mode }: Statement): Promise<StatementResult> => {
    const config = {
      name: nameOf(query),
      text: query,
      values: params,
      types,
      // One statement, never several in one text: Neon, too, only speaks the extended protocol.
      queryMode: 'extended',
      ...(array_mode && { rowMode: 'array' as const }),
    }
    const { command, rowCount, rows, fields } = await client.query(config)
    return { command, rowCount, rows, fields, rowAsArray: array_mode }
  }
}

/** Values stay the text that Postgres wrote. The parser is also the only place that sees them before they pile up. */
function rawText(chars_max: number): pg.CustomTypesConfig {
  let chars = 0
  const keep = (value: string): string => {
    chars += value.length
    if (chars <= chars_max) return value
    // Thrown, because that is how pg lets a parser stop a result; it comes out of `query` as it is.
    throw new Refusal(507, { code: '54000', message: `The answer is too large (at most ${chars_max} characters)` })
  }
  return { getTypeParser: () => keep }
}
