import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { Consent } from './api.ts'
import { calm } from './calm.ts'
import { signals } from './signals.ts'
import type { Store } from './store.ts'

/** The visitor's consent on this page: the public {@link Consent}, and what the door needs beside it. */
export type Keeper = Consent & {
  /** As {@link levelOf}. */
  level: () => ConsentLevel | undefined
  optOut: (out?: boolean) => void
}

/** Told after a decision: the level before, and whether the decision was made just now rather than on an earlier page. */
export type OnDecision = (before: ConsentLevel | undefined, isNew?: boolean) => void

const opt_out = 'opt-out'

/** Keeps what the visitor allows: `usual` until they decide. An opt-out is remembered in `store`. */
export const createConsent = (usual: ConsentLevel, store: Store, onDecision: OnDecision): Keeper => {
  let decided: ConsentLevel | undefined
  let opted_out = ''
  const hasOptedOut = () => opted_out || store.textOf(opt_out)
  const level = () => levelOf({ hasOptedOut, signal: signals(), decided, usual })

  const decide = (next: ConsentLevel | undefined, isNew?: boolean): void => {
    const before = level()
    // A level that nobody knows allows nothing.
    decided = next && (allows(next, 'none') ? next : 'none')
    onDecision(before, isNew)
  }

  return {
    level,
    get: () => level() || 'none',
    set: calm((next) => decide(next, true)),
    connect: calm(({ read, on }) => {
      let isNew = false
      const hear = () => {
        const says = read()
        // Undecided never escalates: it may take a permission back, never a refusal. And who repeats an answer gives none.
        if ((says || allows(decided, usual)) && says !== decided) decide(says, isNew)
      }
      on(calm(hear))
      hear()
      // What was told until here was decided on an earlier page.
      isNew = true
    }),
    optOut: calm((out = true) => {
      const before = level()
      opted_out = out ? '1' : ''
      if (out) store.keep(opt_out, opted_out)
      else store.discard(opt_out)
      onDecision(before, true)
    }),
  }
}

/** Everything that has a say in the level. */
export type Says = {
  /** Asked only where the rest would allow something, so that at `none` no storage is read. */
  hasOptedOut: () => unknown
  /** Global Privacy Control or Do Not Track. */
  signal: unknown
  /** What the visitor decided, through the site or a consent platform. */
  decided: ConsentLevel | undefined
  /** What the site does until then. */
  usual: ConsentLevel
}

/** The level in force; `undefined` while nothing may happen only because nobody has decided yet. */
export const levelOf = ({ hasOptedOut, signal, decided, usual }: Says): ConsentLevel | undefined => {
  const level = signal ? 'none' : decided || usual
  if (level !== 'none') return hasOptedOut() ? 'none' : level
  return signal || decided ? 'none' : undefined
}

/** Whether `level` allows at least what `least` allows. */
export const allows = (level: ConsentLevel | undefined, least: ConsentLevel): boolean => rankOf(level) >= rankOf(least)

const rankOf = (level: ConsentLevel | undefined): number =>
  ['none', 'anonymous', 'analytics', 'marketing'].indexOf(level || '')
