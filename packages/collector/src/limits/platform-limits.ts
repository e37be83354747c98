import { type PseudonymKey, pseudonymOf } from '../ingest/pseudonym.ts'
import { type Limits, unlimited } from './allow.ts'
import { type Binding, createPlatformLimiter } from './platform-limiter.ts'

/** What `wrangler.toml` names: their numbers are there. */
export type LimitBindings = Record<'BATCHES' | 'EVENTS' | 'QUESTIONS' | 'ERASURES', Binding>

/** As in `wrangler.toml`, where it may be 10 or 60. */
const period_seconds = 10

/** The limits of Workers. Counters are shared by isolates, so keys are named under a pepper, which isolates share too. */
export const platformLimitsOf = (options: {
  setting: 'on' | 'off'
  bindings: LimitBindings
  pepper: PseudonymKey
}): Limits => {
  const { setting, bindings, pepper } = options
  if (setting === 'off') return unlimited
  const nameOf = (key: string) => pseudonymOf(pepper, ['limit', key])
  const limiterOf = (binding: Binding) => createPlatformLimiter({ binding, period_seconds, nameOf })
  return {
    batches: limiterOf(bindings.BATCHES),
    events: limiterOf(bindings.EVENTS),
    questions: limiterOf(bindings.QUESTIONS),
    erasures: limiterOf(bindings.ERASURES),
  }
}
