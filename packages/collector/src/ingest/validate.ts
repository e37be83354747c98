import { fieldErrorsOf } from '@balise/shared/field-errors'
import { type WireEvent, wireEvent } from '@balise/shared/wire/event'
import type { Refusal } from '@balise/shared/wire/reply'

/** Reads one event of a batch: the event, or a refusal that names the first field that is wrong. */
export const validate = (raw: unknown): { event: WireEvent } | { refusal: Refusal } => {
  const read = wireEvent.safeParse(raw)
  if (!read.success) {
    const [first] = fieldErrorsOf(read.error, 1)
    return { refusal: { id: idOf(raw), reason: 'invalid', detail: `${first?.field}: ${first?.message}` } }
  }
  if (!isPageAddress(read.data.url))
    return { refusal: { id: read.data.id, reason: 'invalid', detail: 'url: an absolute http or https address' } }
  return { event: read.data }
}

const isPageAddress = (url: string): boolean => URL.canParse(url) && /^https?:/i.test(url)

const idOf = (raw: unknown): string | null => {
  if (typeof raw !== 'object' || raw === null || !('id' in raw) || typeof raw.id !== 'string') return null
  return raw.id.slice(0, 36)
}
