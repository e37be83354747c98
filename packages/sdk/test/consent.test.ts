import { describe, expect, test } from 'vitest'
import type { ConsentLevel } from '../src/api.ts'
import { allows, levelOf } from '../src/consent.ts'

const levels: ConsentLevel[] = ['none', 'anonymous', 'analytics', 'marketing']

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
      expect(levelOf({ hasOptedOut: () => opted_out, signal, decided, usual })).toBe(level),
  )

  test.each(
    [true, false].flatMap((signal) =>
      [undefined, ...levels].flatMap((decided) => levels.map((usual) => ({ signal, decided, usual }))),
    ),
  )('an opt-out leaves nothing of signal $signal, decided $decided, usual $usual', (says) =>
    expect(levelOf({ ...says, hasOptedOut: () => true }) ?? 'none').toBe('none'),
  )

  test.each([
    { signal: true, decided: 'marketing', usual: 'marketing' },
    { signal: false, decided: 'none', usual: 'marketing' },
    { signal: false, decided: undefined, usual: 'none' },
  ] as const)('nobody asks storage where the answer is no anyway: $decided, $usual', (says) => {
    let asked = 0
    levelOf({ ...says, hasOptedOut: () => asked++ })
    expect(asked).toBe(0)
  })
})

test.each(
  levels.flatMap((level, allowed) => levels.map((least, needed) => ({ level, least, does: allowed >= needed }))),
)('$level allows $least: $does', ({ level, least, does }) => expect(allows(level, least)).toBe(does))
