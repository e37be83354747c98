import { consentLevels } from '@balise/shared/wire/consent'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ConsentLevel } from '../src/api.ts'
import { createConsent, levels } from '../src/consent.ts'

/** The level in force, by name; `undefined` while nobody has decided and the site waits. */
const levelBy = (says: {
  opted_out: () => unknown
  signal: boolean
  decided?: ConsentLevel | undefined
  usual: ConsentLevel
}) => {
  const { opted_out, signal, decided, usual } = says
  vi.stubGlobal('navigator', { globalPrivacyControl: signal })
  let isDecided = false
  const disk = { kept: () => (isDecided && opted_out() ? '1' : ''), keep: () => {} }
  const consent = createConsent(usual, disk, (change) => change())
  if (decided) consent.set(decided)
  isDecided = true
  const rank = consent.rank()
  return rank === undefined ? undefined : levels[rank]
}

afterEach(() => {
  vi.unstubAllGlobals()
})

test('levels are those of the contract, in its order', () => expect(levels).toEqual(consentLevels))

describe('who has the say: opt-out, then the browser’s signal, then the decision, then what is usual', () => {
  const undecided = undefined
  test.each([
    { opted_out: true, signal: false, decided: 'marketing', usual: 'marketing', level: 'none' },
    { opted_out: true, signal: true, decided: 'marketing', usual: 'marketing', level: 'none' },
    { opted_out: true, signal: false, decided: undecided, usual: 'anonymous', level: 'none' },
    { opted_out: false, signal: true, decided: 'marketing', usual: 'marketing', level: 'none' },
    { opted_out: false, signal: true, decided: undecided, usual: 'anonymous', level: 'none' },
    { opted_out: false, signal: true, decided: undecided, usual: 'none', level: 'none' },
    { opted_out: false, signal: false, decided: 'none', usual: 'marketing', level: 'none' },
    { opted_out: false, signal: false, decided: 'anonymous', usual: 'none', level: 'anonymous' },
    { opted_out: false, signal: false, decided: 'marketing', usual: 'anonymous', level: 'marketing' },
    { opted_out: false, signal: false, decided: undecided, usual: 'anonymous', level: 'anonymous' },
    { opted_out: false, signal: false, decided: undecided, usual: 'analytics', level: 'analytics' },
    { opted_out: false, signal: false, decided: undecided, usual: 'none', level: undefined },
  ] as const)(
    'opted out $opted_out, signal $signal, decided $decided, usual $usual: $level',
    ({ opted_out, signal, decided, usual, level }) =>
      expect(levelBy({ opted_out: () => opted_out, signal, decided, usual })).toBe(level),
  )

  test.each(
    [true, false].flatMap((signal) =>
      [undefined, ...levels].flatMap((decided) => levels.map((usual) => ({ signal, decided, usual }))),
    ),
  )('an opt-out leaves nothing of signal $signal, decided $decided, usual $usual', (says) =>
    expect(levelBy({ ...says, opted_out: () => true }) ?? 'none').toBe('none'),
  )

  test.each([
    { signal: true, decided: 'marketing', usual: 'marketing' },
    { signal: false, decided: 'none', usual: 'marketing' },
    { signal: false, decided: undefined, usual: 'none' },
  ] as const)('nobody asks storage where the answer is no anyway: $decided, $usual', (says) => {
    let asked = 0
    levelBy({ ...says, opted_out: () => asked++ })
    expect(asked).toBe(0)
  })
})
