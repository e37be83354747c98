import { expect, test } from 'vitest'
import { mustBeOf, optionsIn } from './options.ts'

const options = { rounds: { type: 'string', default: '3' }, peers: { type: 'boolean', default: false } } as const

test('a bench takes the options that it has', () =>
  expect(optionsIn(['--rounds', '5'], options)).toEqual({ rounds: '5', peers: false }))

test.each([[['--round', '5']], [['--rounds']], [['5']], [['--peers=yes']]])('%j is refused with a sentence', (args) =>
  expect(() => optionsIn(args, options)).toThrow(/^[^\n]+\. This bench has --rounds, --peers\.$/),
)

test('a name that is none of the choices is refused, and they are named', () =>
  expect(() => mustBeOf(['Node', 'workerd'], { option: 'platform', given: ['Node', 'Foo'] })).toThrow(
    '--platform "Foo" is none of: Node; workerd.',
  ))
