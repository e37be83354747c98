import type { Answer } from '@balise/shared/stats/answer'
import type { Question } from '@balise/shared/stats/query'

/** Whom to ask about, and the token that opens it. */
export type Door = { site: string; token: string }

/** A question that was answered, and how long that took from here. */
export type Asked = { question: Question; answer: Answer; took_ms: number }

/** Asks the query API. Trouble is told in one sentence, for the visitor. */
export const ask = async (
  { site, token }: Door,
  open: Omit<Question, 'site'>,
): Promise<Asked | { trouble: string }> => {
  const question = { site, ...open }
  const started = performance.now()
  const response = await fetch('/v1/query', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(question),
  }).catch((failure: Error) => failure)
  if (response instanceof Error) return { trouble: 'Le collecteur ne répond pas. Nouvel essai dans un instant…' }
  if (!response.ok) return { trouble: `Le collecteur refuse de répondre (${response.status}).` }
  const answer: Answer = await response.json()
  return { question, answer, took_ms: performance.now() - started }
}
