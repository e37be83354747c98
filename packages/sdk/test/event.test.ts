import { wireEvent } from '@balise/shared/wire/event'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Props, TrackedEvent } from '../src/api.ts'
import { allFields, jsonOf } from '../src/event.ts'

beforeAll(() => {
  vi.stubGlobal('location', new URL('https://shop.example/p/1'))
  vi.stubGlobal('document', { baseURI: 'https://shop.example/p/1' })
})

const head = { id: '0198c0de-0000-7000-8000-000000000000', at: 0, url: 'https://shop.example/p/1' }

/** What travels of an event, which the wire takes. */
const travels = (event: TrackedEvent) => wireEvent.parse(JSON.parse(jsonOf(event, allFields, 'anonymous')))

const propsOf = (given: unknown) => travels({ ...head, kind: 'custom', name: 'signup', props: given as Props }).props

describe('an event fits the wire', () => {
  const long = 'x '.repeat(3_000)

  test.each([
    { event: { ...head, kind: 'custom', name: long }, field: 'name', chars_max: 100 },
    { event: { ...head, kind: 'page_view', title: long }, field: 'title', chars_max: 300 },
    { event: { ...head, kind: 'contact', channel: 'email', target: long }, field: 'target', chars_max: 300 },
    {
      event: { ...head, kind: 'page_view', referrer: `https://a.example/${long}` },
      field: 'referrer',
      chars_max: 2_000,
    },
    { event: { ...head, kind: 'page_view', url: `https://a.example/${long}` }, field: 'url', chars_max: 2_000 },
    {
      event: { ...head, kind: 'api_call', endpoint: `/a/${long}`, status: 200, duration_ms: 1 },
      field: 'endpoint',
      chars_max: 2_000,
    },
  ] as const)('its $field cut to $chars_max characters', ({ event, field, chars_max }) =>
    expect((travels(event) as { [field: string]: unknown })[field]).toHaveLength(chars_max),
  )

  test('its texts and properties without e-mail addresses, but a contact’s target whole', () => {
    const jane = 'jane@mail.example'
    const props = { by: jane, page: 4, open: true }
    expect(
      travels({
        ...head,
        url: `https://shop.example/of/${jane}`,
        kind: 'contact',
        channel: 'email',
        target: jane,
        title: jane,
        props,
      }),
    ).toEqual({
      ...head,
      url: 'https://shop.example/of/:email',
      kind: 'contact',
      channel: 'email',
      target: jane,
      title: ':email',
      props: { ...props, by: ':email' },
    })
  })

  test('its times whole milliseconds', () => {
    expect(travels({ ...head, kind: 'engagement', engaged_ms: 1234.56 })).toMatchObject({ engaged_ms: 1235 })
    expect(travels({ ...head, kind: 'api_call', endpoint: '/a', status: 200, duration_ms: 4.4 })).toMatchObject({
      duration_ms: 4,
    })
  })

  test('at most 30 properties', () =>
    expect(
      Object.keys(propsOf(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`p${n}`, n]))) ?? {}),
    ).toHaveLength(30))

  test('short properties, and only texts, numbers and booleans', () =>
    expect(
      propsOf({
        ['k'.repeat(200)]: 'v '.repeat(900),
        none: null,
        nothing: undefined,
        deep: {},
        list: [1],
        act: () => 1,
        lost: Number.NaN,
        endless: Number.POSITIVE_INFINITY,
        big: 10n,
        on: true,
        off: false,
        price: 4.5,
        zero: 0,
        empty: '',
      }),
    ).toEqual({ ['k'.repeat(100)]: 'v '.repeat(250), on: true, off: false, price: 4.5, zero: 0, empty: '' }))

  test('and what it was told with stays as it was', () => {
    const props = { by: 'jane@mail.example' }
    jsonOf({ ...head, kind: 'custom', name: 'signup', props }, allFields, 'anonymous')
    expect(props).toEqual({ by: 'jane@mail.example' })
  })
})
