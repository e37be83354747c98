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

/** Told after a decision: the rank before, and whether the decision was made just now rather than on an earlier page. */
export type OnDecision = (before: Rank, isNew: boolean) => void

const opt_out = 'opt-out'

/**
 * Keeps what the visitor allows: `usual` until they decide. An opt-out is remembered on `disk`. Before a decision holds, it
 * lets `make` what was told at the rank before.
 */
export const createConsent = (usual: ConsentLevel, disk: Disk, make: () => void, onDecision: OnDecision): Keeper => {
  let decided: Rank
  let opted_out = ''
  /** The rank in force, once it was asked for in this task; `''` before. */
  let known: Rank | '' = ''
  const optedOut = () => opted_out || disk.kept(opt_out)

  /** Another tab may have opted out since the last task: storage is read again, but not ten times for one event. */
  const rank = (): Rank => {
    if (known === '') {
      const wanted = decided ?? rankOf(usual)
      // Only where the rest allows something, so that at `none` no storage is read.
      known = signals() || (wanted && optedOut()) ? 0 : wanted || decided
      queueMicrotask(look)
    }
    return known
  }
  const look = (): void => {
    known = ''
  }

  const decide = (act: () => void, isNew: boolean): void => {
    const before = rank()
    make()
    act()
    look()
    onDecision(before, isNew)
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
