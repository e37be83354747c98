import { remembered } from './remembered.ts'
import { type SourceKind, sources } from './sources.ts'

/** A source by the name that people know; `kind` is `null` for one that is in no table. */
export type Source = { name: string; kind: SourceKind | null }

const known = new Map<string, Source>(
  sources.flatMap(([kind, name, known_by]) => known_by.split(' ').map((alias) => [alias, { name, kind }] as const)),
)

/** The last part of `google.com`, `google.cm` and `google.co.uk`; not of `google.evil.io`. */
const country = /^([^.]+(?:\.[^.]+)*?)\.(?:com|[a-z]{2}|(?:com?|org|net)\.[a-z]{2})$/

/** A referrer's host, an Android app's package or what a campaign calls its source, as a source. Case says nothing. */
export const sourceOf = remembered({ entries_max: 5_000, chars_max: 253 }, (text): Source => {
  const name = text.toLowerCase().replace(/^www\./, '')
  return knownOf(name) ?? { name: name.includes('.') ? name : text, kind: null }
})

/** Looks for a host, then for what it is a subdomain of, and so on: the longest that is known decides. */
const knownOf = (host: string): Source | undefined => {
  const labels = host.split('.')
  for (let start = 0; start < labels.length; start += 1) {
    const part = labels.slice(start).join('.')
    const found = known.get(part) ?? known.get(`${country.exec(part)?.[1]}.*`)
    // A single label stands for itself alone: `news.google` is not Google.
    if (found && (start === 0 || part.includes('.'))) return found
  }
  return undefined
}
