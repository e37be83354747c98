import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { openPlaces } from '../src/places.ts'

/** MaxMind's public test database: see `corpora/README.md`. */
const cities = new URL('corpora/GeoIP2-City-Test.mmdb', import.meta.url).pathname

const folder = mkdtempSync(join(tmpdir(), 'balise-places-'))
afterAll(() => rmSync(folder, { recursive: true }))

const fileOf = (name: string, content: string | Buffer): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const opened = async (file: string | undefined, report = (failure: Error): void => expect.fail(failure.message)) => {
  const places = await openPlaces(file, report)
  if ('refusal' in places) throw new Error(places.refusal)
  return places
}

describe('the place of an address', () => {
  const london = { country: 'GB', region: 'England', city: 'London' }

  test.each<[says: string, ip: string, place: object]>([
    ['IPv4', '81.2.69.160', london],
    ['IPv4 inside IPv6, as a socket tells it', '::ffff:81.2.69.160', london],
    ['IPv6', '2001:218::1', { country: 'JP' }],
    ['a private address', '192.168.0.1', {}],
    ['no address', '', {}],
    ['what is none', 'unknown', {}],
  ])('%s', async (_says, ip, place) => expect((await opened(cities)).placeOf(ip)).toEqual(place))

  test('is unknown without a file', async () => expect((await opened(undefined)).placeOf('81.2.69.160')).toEqual({}))
})

describe('a file that holds no places is refused with one sentence on what to do', () => {
  test.each<[says: string, file: () => string, sentence: RegExp]>([
    ['missing', () => join(folder, 'missing.mmdb'), /cannot be read: ENOENT/],
    ['empty', () => fileOf('empty.mmdb', ''), /cannot be read/],
    ['a text', () => fileOf('text.mmdb', 'Paris'), /cannot be read/],
    ['cut short', () => fileOf('cut.mmdb', readFileSync(cities).subarray(0, 9_000)), /cannot be read/],
    ['packed', () => fileOf('packed.mmdb', Buffer.from([0x1f, 0x8b, 8, 0])), /gzip/],
  ])('%s', async (_says, file, sentence) => {
    const path = file()
    const places = await openPlaces(path, () => undefined)
    if (!('refusal' in places)) throw new Error('was not refused')
    expect(places.refusal).toMatch(sentence)
    expect(places.refusal).toMatch(new RegExp(`^PLACES_FILE ${path} .*\\.mmdb\\), or leave it unset\\.$`))
  })
})

test('a newer file that is broken is reported, and the one before goes on', async () => {
  const file = fileOf('live.mmdb', readFileSync(cities))
  const report = vi.fn()
  const { placeOf } = await opened(file, report)
  writeFileSync(file, 'half a download')
  utimesSync(file, new Date(), new Date(Date.now() + 10_000))
  await vi.waitFor(() => expect(report).toHaveBeenCalled(), { timeout: 9_500, interval: 100 })
  expect(placeOf('81.2.69.160')).toMatchObject({ country: 'GB' })
})
