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

/** Keeps what the visitor allows: `usual` until they decide. An opt-out is remembered on `disk`. */
export const createConsent = (usual: ConsentLevel, disk: Disk, onDecision: OnDecision): Keeper => {
  let decided: Rank
  let opted_out = ''
  const hasOptedOut = () => opted_out || disk.read(opt_out)
  const rank = () => rankBy({ hasOptedOut, signal: signals(), decided, usual: rankOf(usual) })

  const decide = (act: () => void, isNew: boolean): void => {
    const before = rank()
    act()
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
        if (level ? rankOf(level) !== decided : Number(decided) >= rankOf(usual)) say(level, isNew)
      })
      on(hear)
      hear()
      // What was told until here was decided on an earlier page.
      isNew = true
    },
    optOut: (out = true) =>
      decide(() => {
        opted_out = out ? '1' : ''
        disk.write(opt_out, opted_out)
      }, true),
  }
}

/** Everything that has a say in the rank. */
export type Says = {
  /** Asked only where the rest would allow something, so that at `none` no storage is read. */
  hasOptedOut: () => unknown
  /** Global Privacy Control or Do Not Track. */
  signal: unknown
  /** What the visitor decided, through the site or a consent platform. */
  decided: Rank
  /** What the site does until then. */
  usual: number
}

/** The rank in force. */
export const rankBy = ({ hasOptedOut, signal, decided, usual }: Says): Rank => {
  if (signal) return 0
  const rank = decided ?? usual
  return rank && hasOptedOut() ? 0 : rank || decided
}
