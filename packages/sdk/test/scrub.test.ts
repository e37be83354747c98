import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { endpointOf } from '../src/endpoint.ts'
import { scrub, scrubUrl } from '../src/scrub.ts'
import { harmless, secrets } from './fixtures/scrub.ts'

beforeAll(() => {
  vi.stubGlobal('location', new URL('https://shop.example/p/1'))
  vi.stubGlobal('document', { baseURI: 'https://shop.example/p/1' })
})

describe('an address leaves the browser', () => {
  test.each([
    ['https://shop.example/p/1#reviews', 'https://shop.example/p/1'],
    ['https://shop.example/p/1?q=secret&utm_source=x&token=1', 'https://shop.example/p/1?utm_source=x'],
    ['https://shop.example/?utm_source=a&utm_campaign=b%20c', 'https://shop.example/?utm_source=a&utm_campaign=b%20c'],
    ['https://shop.example/?gclid=1&fbclid=2&msclkid=3&gbraid=4', 'https://shop.example/'],
    ['https://me:secret@shop.example:8443/p', 'https://shop.example:8443/p'],
    ['https://shop.example/of/jane.doe@mail.example/orders', 'https://shop.example/of/:email/orders'],
    ['https://shop.example/of/jane%40mail.example', 'https://shop.example/of/:email'],
    ['https://shop.example/?utm_source=jane@mail.example', 'https://shop.example/?utm_source=:email'],
    ['/virtual/step-2?x=1', 'https://shop.example/virtual/step-2'],
    ['android-app://com.google.android.gm/', 'android-app://com.google.android.gm/'],
  ])('%s as %s', (href, scrubbed) => expect(scrubUrl(href, 'analytics')).toBe(scrubbed))

  test('with the click that led to it at marketing only', () =>
    expect(
      scrubUrl('https://shop.example/?gclid=Cj0KCQiAh8eFBhD7ARIsAB2c4&fbclid=2&msclkid=3&gbraid=4&q=5', 'marketing'),
    ).toBe('https://shop.example/?gclid=Cj0KCQiAh8eFBhD7ARIsAB2c4&fbclid=2&msclkid=3&gbraid=4'))

  test('with the parameters that the site allows, scrubbed', () =>
    expect(scrubUrl('https://shop.example/?a=1&page=2&ref=jane%40mail.example#3', 'anonymous', /^(page|ref)$/)).toBe(
      'https://shop.example/?page=2&ref=:email',
    ))

  test('with its host as it is', () =>
    expect(scrubUrl('https://a1b2c3d4e5f6g7h8i9j0k1l2m3n4.shop.example/', 'anonymous')).toBe(
      'https://a1b2c3d4e5f6g7h8i9j0k1l2m3n4.shop.example/',
    ))
})

describe('a text', () => {
  test.each(secrets)('%j leaves as %j', (text, scrubbed) => expect(scrub(text)).toBe(scrubbed))

  test.each(harmless)('%j leaves as it is', (text) => expect(scrub(text)).toBe(text))

  const parts = [
    ...secrets.flat(),
    ...harmless,
    '%',
    '%25',
    '%40',
    '@',
    '+',
    '0',
    '-',
    ' ',
    ':',
    '.',
    '(',
    '/',
    'eyJ',
    'é',
  ]
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((chosen) => chosen.join('')),
  )
  test('never grows, and has nothing to lose a second time', () =>
    fc.assert(
      fc.property(anything, (text) => {
        const once = scrub(text)
        expect(once.length).toBeLessThanOrEqual(text.length)
        expect(scrub(once)).toBe(once)
      }),
      { numRuns: 2_000 },
    ))

  // Were any pattern quadratic in one of these, it would take minutes.
  test.each([
    'a',
    '@',
    'a@',
    '@a.',
    'a.',
    '1',
    '0',
    '-',
    '1-',
    '1 ',
    '+1',
    '%',
    '%25',
    '%2540',
    '%25%34%30',
    'a1',
    'AB12',
    'ABCD ',
    'a-',
    'aB1',
    '-aaaa',
    'eyJ',
    'eyJ.',
    '4242',
    '4111 ',
    '0-1',
    '0 12',
    '(0',
    '212 ',
    'a@b.co1@',
    '\u4e00',
    ' ',
  ])('of 100 kB of %j is scrubbed in no time', (piece) => {
    const text = `${piece.repeat(100_000 / piece.length)}!`
    expect(scrub(text).length).toBeLessThanOrEqual(text.length)
  })
})

test.each([
  ['/users/123', '/users/:id'],
  ['/users/123/orders/456?page=2', '/users/:id/orders/:id'],
  ['/v1/query', '/v1/query'],
  ['/orders/0198c0de-0000-7000-8000-000000000000', '/orders/:id'],
  ['/files/9f86d081884c7d659a2feaa0', '/files/:id'],
  ['/orders/order-20261121', '/orders/:id'],
  ['/dates/2026-11-21', '/dates/2026-11-21'],
  ['/categories/facade', '/categories/facade'],
  ['/users/jane@mail.example', '/users/:email'],
  ['/users/:id', '/users/:id'],
  ['https://shop.example/users/123', '/users/:id'],
  ['https://api.example/users/123', 'api.example/users/:id'],
])('a call to %s is a call to %s', (href, endpoint) => expect(scrub(endpointOf(href))).toBe(endpoint))
