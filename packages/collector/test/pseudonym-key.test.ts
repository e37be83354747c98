import { describe, expect, test } from 'vitest'
import { pseudonymOf } from '../src/ingest/pseudonym.ts'
import { nodeKeyOf } from '../src/keys/node-key.ts'
import { webKeyOf } from '../src/keys/web-key.ts'

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const text = (told: string) => new TextEncoder().encode(told)

/** https://www.rfc-editor.org/rfc/rfc4231#section-4: test cases 1, 2, 3 and 6. */
const told = [
  {
    secret: bytes(20, 0x0b),
    message: text('Hi There'),
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    secret: text('Jefe'),
    message: text('what do ya want for nothing?'),
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    secret: bytes(20, 0xaa),
    message: bytes(50, 0xdd),
    mac: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
  {
    secret: bytes(131, 0xaa),
    message: text('Test Using Larger Than Block-Size Key - Hash Key First'),
    mac: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
]

describe.each([
  { platform: 'WebCrypto', keyOf: webKeyOf },
  { platform: 'Node', keyOf: nodeKeyOf },
])('a key of $platform', ({ keyOf }) => {
  test.each(told)('signs as RFC 4231 tells: $mac', async ({ secret, message, mac }) => {
    const key = await keyOf(secret)
    expect(Buffer.from(await key(message)).toString('hex')).toBe(mac)
  })

  test('signs each message by itself, however many were signed before', async () => {
    const key = await keyOf(bytes(32, 7))
    const names = await Promise.all(['a', 'b', 'a'].map((name) => pseudonymOf(key, [name])))
    expect(names[2]).toBe(names[0])
    expect(names[1]).not.toBe(names[0])
  })

  test('gives a person the name they have always had', async () => {
    const name = await pseudonymOf(await keyOf(bytes(32, 7)), ['203.0.113.7', 'Mozilla/5.0', 'démo', ''])
    expect(name).toBe('861a3fcc-fb25-596a-f478-70f644def0ee')
  })

  test('keeps its fields apart', async () => {
    const key = await keyOf(bytes(32, 7))
    expect(await pseudonymOf(key, ['ab', 'c'])).not.toBe(await pseudonymOf(key, ['a', 'bc']))
  })
})
