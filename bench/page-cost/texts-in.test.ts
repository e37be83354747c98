import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { textsIn } from './texts-in.ts'

const event = JSON.stringify({ name: 'bought', product: 'basket-12', price: 49, url: 'https://shop.example/?q=1%2' })
const nothing = Buffer.alloc(0)

test.each([
  { packed: 'as it is', url: '/', body: Buffer.from(event) },
  { packed: 'in an address', url: `/?e=${encodeURIComponent(event)}`, body: nothing },
  { packed: 'in base64', url: '/', body: Buffer.from(`data=${Buffer.from(event).toString('base64')}`) },
  { packed: 'in base64 for addresses', url: `/i?ue_px=${Buffer.from(event).toString('base64url')}`, body: nothing },
  {
    packed: 'in a form',
    url: '/',
    body: Buffer.from(`data=${encodeURIComponent(Buffer.from(event).toString('base64'))}`),
  },
  { packed: 'compressed', url: '/', body: gzipSync(event) },
])('an event is found once, $packed', ({ url, body }) => {
  const found = textsIn(url, body).flatMap((text) => text.match(/bought/g) ?? [])
  expect(found).toEqual(['bought'])
})
