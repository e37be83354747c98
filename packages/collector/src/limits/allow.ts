/** One may come in now, or in so many whole seconds. */
export type Allowed = { ok: true } | { retry_after_seconds: number }

/**
 * Takes `cost` (by default 1) off what a key may still do, and tells whether it may. It may while anything is left: the
 * last one is let in whole, and its debt is waited off.
 *
 * An adapter is finished when it passes the contract in `test/allow.contract.ts`. A key may hold an address or a token:
 * an adapter keeps only a keyed hash of it, and no longer than its bucket lives.
 */
export type Allow = (key: string, cost?: number) => Promise<Allowed>

/** Everything that is limited by rate, and by what one of it is counted. `docs/limits.md` tells each to people. */
export type Limits = {
  /** Requests at the events' door, by address. */
  batches: Allow
  /** Events, by site. */
  events: Allow
  /** Questions, by address and by token. */
  questions: Allow
  /** Erasures, by address or by token. */
  erasures: Allow
}

/** Lets everyone in. */
export const unlimited: Limits = (() => {
  const allow: Allow = async () => ({ ok: true })
  return { batches: allow, events: allow, questions: allow, erasures: allow }
})()
