/** Tells the developer what happened to which events and why, when they asked to know. */
export type Report = (what: 'sent' | 'held' | 'refused' | 'lost', ...why: unknown[]) => void

/** A report that prints to the console, or one that keeps silent. */
export const createReport =
  (debug: boolean | undefined): Report =>
  (...said) =>
    debug && console.debug('[balise]', ...said)
