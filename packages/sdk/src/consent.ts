import type { ConsentLevel } from '@balise/shared/wire/consent'
import type { Consent } from './api.ts'
import { calm } from './calm.ts'
import type { Report } from './report.ts'
import { signals } from './signals.ts'
import type { Store } from './store.ts'
import type { Browser } from './world.ts'

/** What {@link createConsent} asks for. */
export type ConsentParts = {
  usual: ConsentLevel
  window: Browser
  /** Where an opt-out is remembered. */
  store: Store
  report: Report
  /** Called after each decision. `revises`: earlier permissions may be gone, and what they left has to go too. */
  onDecision: (level: ConsentLevel | undefined, revises: boolean) => void
}

/** The visitor's consent on this page: the public {@link Consent}, and what the door needs beside it. */
export type Keeper = Consent & {
  /** As {@link levelOf}. */
  level: () => ConsentLevel | undefined
  optOut: (out?: boolean) => void
}

/** Keeps what the visitor allows, and tells when they decide. */
export const createConsent = ({ usual, window, store, report, onDecision }: ConsentParts): Keeper => {
  let decided: ConsentLevel | undefined
  let opted_out = false
  const hasOptedOut = () => opted_out || store.read(opt_out) !== ''
  const level = () => levelOf({ hasOptedOut, signal: signals(window), decided, usual })

  const decide = (next: ConsentLevel | undefined, isNew: boolean): void => {
    const before = level()
    decided = next && known(next)
    onDecision(level(), isNew || allows(before, 'analytics'))
  }

  return {
    level,
    get: () => level() || 'none',
    set: (next) => decide(next, true),
    connect({ read, on }) {
      const hear = (isNew: boolean) => {
        const says = read()
        // Undecided never escalates: it may take a permission back, never a refusal.
        if (says || rankOf(decided) > rankOf(usual)) decide(says, isNew)
      }
      on(calm(() => hear(true), report))
      hear(false)
    },
    optOut(out = true) {
      opted_out = out
      if (out) store.write(opt_out, '1')
      else store.remove(opt_out)
      onDecision(level(), true)
    },
  }
}

/** The name under which an opt-out is stored. */
export const opt_out = 'opt-out'

/** Everything that has a say in the level. */
export type Says = {
  /** Asked only where the rest would allow something, so that at `none` no storage is read. */
  hasOptedOut: () => boolean
  /** Global Privacy Control or Do Not Track. */
  signal: boolean
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

/** A level nobody knows allows nothing. */
const known = (level: ConsentLevel): ConsentLevel => (rankOf(level) > 0 ? level : 'none')

const levels: readonly unknown[] = ['none', 'anonymous', 'analytics', 'marketing'] satisfies ConsentLevel[]

const rankOf = (level: unknown): number => levels.indexOf(level)
