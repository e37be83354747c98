import type { Consent, ConsentLevel } from './api.ts'
import { calm } from './calm.ts'
import type { Disk } from './disk.ts'
import { signals } from './signals.ts'

/** From least to most: a level's rank is its place. */
export const levels: readonly ConsentLevel[] = ['none', 'anonymous', 'analytics', 'marketing']

/** The rank of a level; one that nobody knows allows nothing. */
const rankOf = (level: ConsentLevel): number => Math.max(0, levels.indexOf(level))

/** The rank in force; `undefined` while nothing may happen only because nobody has decided yet. */
export type Rank = number | undefined

/** The visitor's consent on this page: the public {@link Consent}, and what the door needs beside it. */
export type Keeper = Consent & { rank: () => Rank; optOut: (out?: boolean) => void }

/** Makes the change that a decision is, with what comes before and after; `isNew`: made just now, not on an earlier page. */
export type Decide = (change: () => void, isNew: boolean) => void

const opt_out = 'opt-out'

/** Keeps what the visitor allows: `usual` until they decide. An opt-out is remembered on `disk`. */
export const createConsent = (usual: ConsentLevel, disk: Disk, decide: Decide): Keeper => {
  let decided: Rank
  let opted_out = ''

  /** Storage is read each time, since another tab may have opted out; but not where the answer is no anyway. */
  const rank = (): Rank => {
    const wanted = decided ?? rankOf(usual)
    return signals() || (wanted && (opted_out || disk.kept(opt_out))) ? 0 : wanted || decided
  }

  const say = (level: ConsentLevel | undefined, isNew = true): void =>
    decide(() => {
      decided = level && rankOf(level)
    }, isNew)

  return {
    rank,
    get: () => levels[rank() || 0] as ConsentLevel,
    set: (level) => say(level),
    connect({ read, on }) {
      let isNew = false
      const hear = calm(() => {
        const level = read()
        // Undecided never escalates: it may take a permission back, never a refusal. And who repeats an answer gives none.
        if (level ? rankOf(level) !== decided : (decided as number) >= rankOf(usual)) say(level, isNew)
      })
      on(hear)
      hear()
      // What was told until here was decided on an earlier page.
      isNew = true
    },
    optOut: (out = true) =>
      decide(() => {
        opted_out = out ? '1' : ''
        disk.keep(opt_out, opted_out)
      }, true),
  }
}
