import type { Balise, ConsentSource } from '../api.ts'

declare global {
  interface Window {
    /** The tracker, and before it a list of calls, which `script.ts` makes once it is there. */
    balise?: Balise | { calls: unknown[] }
  }
}

/** Connects a source that came by its own script tag, in whatever order the two scripts arrive. */
export const attach = (source: ConsentSource): void => {
  const balise = window.balise || { calls: [] }
  window.balise = balise
  if ('calls' in balise) balise.calls.push([['consent', 'connect'], [source]])
  else balise.consent.connect(source)
}
