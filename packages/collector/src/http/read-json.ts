import { storable } from '../ingest/storable.ts'
import { nestsDeeper } from './nesting.ts'
import { type Refused, refuse } from './refused.ts'

/** Twice what the deepest thing of ours, a question's filters, may nest. */
const nesting_max = 64

const readable = /^(application\/json|text\/plain)\s*(;|$)/i

/**
 * The JSON of a request's body, or why it is turned away: `415` for another type, `413` past `body_bytes_max`
 * (counted while it comes in: a header may lie), `400` when it is no JSON, or
 * nests so deeply that reading it could end the stack. What no text in Postgres can hold is left out: one such event would
 * cost its whole batch.
 */
export const readJson = async (
  request: Request,
  body_bytes_max: number,
): Promise<{ json: unknown } | { refused: Refused }> => {
  if (!readable.test(request.headers.get('content-type') ?? '')) return refuse('unsupported_type')
  if (Number(request.headers.get('content-length') ?? 0) > body_bytes_max) return refuse('too_large')

  const text = await readText(request, body_bytes_max)
  if (text === null) return refuse('too_large')
  if (nestsDeeper(text, nesting_max)) return refuse('too_deep')
  try {
    return { json: unstorable.test(text) ? JSON.parse(text, mended) : JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return refuse('unreadable')
    throw error
  }
}

/** What may be U+0000, or half a character: JSON has to escape the one, and UTF-8 cannot write the other. */
const unstorable = /\\u(?:0000|d[89a-f])/i

const mended = (_name: string, value: unknown): unknown => {
  if (typeof value === 'string') return storable(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [storable(name), held]))
}

const readText = async (request: Request, bytes_max: number): Promise<string | null> => {
  // The server holds a body to the length it was told, and hands it over at half the price of a stream.
  if (request.headers.has('content-length')) return request.text()
  if (!request.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body) {
    bytes += chunk.byteLength
    if (bytes > bytes_max) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
