import type { Batch } from '@balise/shared/wire/envelope'

/** The heading of a batch, less what is read as it leaves. */
export type Heading = Omit<Batch, 'events' | 'sent_at' | 'page'>

/**
 * The body of a batch, from the JSON of its events. Each begins with its id, which begins with its time: sorted as text,
 * events travel in the order they happened.
 */
export const bodyOf = (heading: Heading, events: string[]): string => {
  // A page may have a `screen` of its own.
  const { width, height } = window.screen || {}
  const page: Batch['page'] = { screen: `${width | 0}x${height | 0}`, language: navigator.language }
  return `${JSON.stringify({ ...heading, sent_at: Date.now(), page }).slice(0, -1)},"events":[${events.sort()}]}`
}
