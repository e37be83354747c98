import { limits } from '@balise/shared/wire/limits'
import type { RefusalReason } from '@balise/shared/wire/reply'
import { isAutomaton } from './automaton.ts'
import type { Hit } from './hit.ts'
import { siteMomentOf } from './site-clock.ts'

/** One ground for turning an event away. */
type Check = (hit: Hit) => RefusalReason | undefined

const day_ms = 86_400_000

const withoutConsent: Check = ({ level }) => (level === 'none' ? 'no_consent' : undefined)

const automaton: Check = ({ site, sender }) => (site.bots === 'refuse' && isAutomaton(sender) ? 'bot' : undefined)

const tooOld: Check = ({ at, received_at }) =>
  received_at.getTime() - at.getTime() > limits.event_age_days_max * day_ms ? 'too_old' : undefined

/** No retention is shorter than a month: so the calendar, which takes its time, is asked of few events. */
const kept_days_min = 27

const olderThanRetention: Check = ({ at, received_at, site: { raw_from, time_zone } }) =>
  raw_from !== undefined &&
  received_at.getTime() - at.getTime() > kept_days_min * day_ms &&
  siteMomentOf(at, time_zone).day < raw_from
    ? 'too_old'
    : undefined

/** Asked so that a time past the end of time, which is no number, is in the future too. */
const inFuture: Check = ({ at, received_at }) =>
  at.getTime() - received_at.getTime() <= limits.event_ahead_hours_max * 3_600_000 ? undefined : 'in_future'

/** All grounds, in the order they are asked: the first that speaks decides. */
export const checks: readonly Check[] = [withoutConsent, automaton, tooOld, inFuture, olderThanRetention]
