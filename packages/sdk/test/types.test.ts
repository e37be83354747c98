import type { WireEvent } from '@balise/shared/wire/event'
import { expectTypeOf, test } from 'vitest'
import type { Answer, Balise, TrackedEvent } from '../src/api.ts'
import { createBalise } from '../src/create-balise.ts'

// What has to compile is compiled, and what must not is marked: the compiler is the test, see `npm run types`.
const to = { site: 'demo', endpoint: 'https://stats.example' }

test('a site that names no events may tell any, with any props or none', () => {
  const { track } = createBalise(to)
  track('signup')
  track('signup', { plan: 'pro', seats: 3, trial: true })
  track('order', undefined, { revenue: { amount: '4900', currency: 'XAF' } })
  // @ts-expect-error a prop is a text, a number or a boolean
  track('signup', { plan: { name: 'pro' } })
})

test('a site that names its events may tell those, with the props they have', () => {
  interface Events {
    signup: { plan: 'free' | 'pro'; seats?: number }
    search: { term?: string }
    logout: undefined
  }
  const { track } = createBalise<Events>(to)
  track('signup', { plan: 'pro' })
  track('signup', { plan: 'free', seats: 3 }, { revenue: { amount: '1', currency: 'EUR' } })
  track('search')
  track('search', { term: 'panier' })
  track('logout')
  track('logout', undefined, { revenue: { amount: '1', currency: 'EUR' } })
  // @ts-expect-error no such event
  track('sign-up', { plan: 'pro' })
  // @ts-expect-error its props are needed
  track('signup')
  // @ts-expect-error no such plan
  track('signup', { plan: 'gold' })
  // @ts-expect-error it has no props
  track('logout', { plan: 'pro' })
})

test('what a hook sees is what the wire holds, and what a flush answers says what became of it', () => {
  expectTypeOf<WireEvent>().toExtend<TrackedEvent>()
  expectTypeOf<TrackedEvent['kind']>().toEqualTypeOf<WireEvent['kind']>()
  expectTypeOf<Awaited<ReturnType<Balise['flush']>>>().toEqualTypeOf<Answer[]>()
})
