/** What can happen to an event, or to the SDK itself. */
export type Happening = 'sent' | 'held' | 'refused' | 'lost' | 'error'

/** Tells the developer what happened and why, when they asked to know. */
export type Report = (what: Happening, why: unknown) => void

/** A report that prints to the console, or one that keeps silent. */
export const createReport = (debug: boolean | undefined): Report =>
  debug ? (what, why) => console.debug('[balise]', what, why) : () => {}
