import { describe, expect, test } from 'vitest'
import { checks } from '../src/ingest/checks.ts'
import { eventTimeOf } from '../src/ingest/event-time.ts'
import type { Hit, Sender } from '../src/ingest/hit.ts'
import { arrivalOf, firefox, pageView } from './batches.ts'

const noon = new Date('2026-03-10T12:00:00Z')
const second_ms = 1_000
const hour_ms = 3_600_000
const day_ms = 24 * hour_ms

const hitOf = (given: Partial<Hit> = {}): Hit => {
  const { site, envelope, sender, received_at } = arrivalOf([], noon)
  return { site, batch: envelope, event: pageView(noon), at: noon, sender, level: 'anonymous', received_at, ...given }
}

const reasonOf = (hit: Hit) => checks.map((check) => check(hit)).find((reason) => reason)

describe('a program is told from a person', () => {
  const { sender: person } = hitOf()
  const chrome = (system: string) =>
    `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36`
  const [windows, mac, linux] = [
    chrome('Windows NT 10.0; Win64; x64'),
    chrome('Macintosh; Intel Mac OS X 10_15_7'),
    chrome('X11; Linux x86_64'),
  ]
  const amazon = 16509
  const brands = (...names: string[]) => ({
    ...person.hints,
    brands: names.map((name) => `"${name}";v="150"`).join(', '),
  })

  test.each<[says: string, sender: Partial<Sender>, reason: 'bot' | undefined]>([
    ['a person with Firefox', { agent: firefox }, undefined],
    ['a person with Chrome', { agent: windows, hints: brands('Google Chrome', 'Chromium', 'Not-A.Brand') }, undefined],
    ['no agent', { agent: '' }, 'bot'],
    ['Googlebot', { agent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }, 'bot'],
    ['GPTBot', { agent: 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.2' }, 'bot'],
    ['curl', { agent: 'curl/8.5.0' }, 'bot'],
    ['python', { agent: 'python-requests/2.32.0' }, 'bot'],
    ['Node’s fetch', { agent: 'node' }, 'bot'],
    ['a headless Chrome', { agent: linux.replace('Chrome', 'HeadlessChrome') }, 'bot'],
    [
      'a headless Chrome that hides in its agent',
      { agent: windows, hints: brands('HeadlessChrome', 'Chromium') },
      'bot',
    ],
    [
      'PhantomJS',
      { agent: 'Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 PhantomJS/2.1.1 Safari/538.1' },
      'bot',
    ],
    ['Lighthouse', { agent: `${mac} Chrome-Lighthouse` }, 'bot'],
    ['WhatsApp’s preview of a link', { agent: 'WhatsApp/2.23.20.0 A' }, 'bot'],
    ['a Linux in a cloud', { agent: linux, asn: amazon }, 'bot'],
    ['a Linux at home', { agent: linux, asn: 3215 }, undefined],
    ['a Linux of which no network is told', { agent: linux }, undefined],
    ['a Windows in a cloud: a VPN, or a virtual desktop', { agent: windows, asn: amazon }, undefined],
    ['a Chromebook in a cloud', { agent: chrome('X11; CrOS x86_64 14541.0.0'), asn: amazon }, undefined],
    ['a phone in a cloud', { agent: chrome('Linux; Android 10; K'), asn: amazon }, undefined],
    ['a Linux behind iCloud Private Relay’s networks', { agent: linux, asn: 13335 }, undefined],
    ['a person with an agent without end', { agent: `${windows} ${'a'.repeat(100_000)}` }, undefined],
  ])('%s', (_says, sender, reason) => expect(reasonOf(hitOf({ sender: { ...person, ...sender } }))).toBe(reason))

  test('and counted like a person where the site counts bots', () => {
    const { site } = hitOf()
    const sender = { ...person, agent: '' }
    expect(reasonOf(hitOf({ site: { ...site, bots: 'count' }, sender }))).toBeUndefined()
  })
})

describe('of an event of another time', () => {
  const dayOf = (days: number) => new Date(noon.getTime() - days * day_ms).toISOString().slice(0, 10)
  const late = (ms: number, raw_from?: string) =>
    hitOf({
      at: new Date(noon.getTime() - ms),
      site: { ...hitOf().site, time_zone: 'UTC', ...(raw_from && { raw_from }) },
    })

  test.each<[says: string, hit: Hit, reason: string | undefined]>([
    ['just 31 days are not too old', late(31 * day_ms), undefined],
    ['a millisecond more is', late(31 * day_ms + 1), 'too_old'],
    ['just 24 hours ahead are not the future', late(-24 * hour_ms), undefined],
    ['a millisecond more is', late(-24 * hour_ms - 1), 'in_future'],
    ['1970 is too old', hitOf({ at: new Date(0) }), 'too_old'],
    ['a day that the site keeps no events of is too old', late(30 * day_ms, dayOf(29)), 'too_old'],
    ['the first day it keeps is not', late(29 * day_ms, dayOf(29)), undefined],
    ['the end of time is the future', hitOf({ at: new Date(8_640_000_000_000_000) }), 'in_future'],
  ])('%s', (_says, hit, reason) => expect(reasonOf(hit)).toBe(reason))
})

describe('a device’s clock', () => {
  const now = noon.getTime()

  test.each<[says: string, at: number, sent_at: number, true_at: number]>([
    ['that is right is believed', now - hour_ms, now, now - hour_ms],
    ['that is a minute behind is believed', now - 60 * second_ms, now - 60 * second_ms, now - 60 * second_ms],
    ['that is a minute ahead is believed', now + 60 * second_ms, now + 60 * second_ms, now + 60 * second_ms],
    ['that is more behind is corrected', now - 61 * second_ms, now - 61 * second_ms, now],
    ['that is more ahead is corrected', now + 61 * second_ms, now + 61 * second_ms, now],
    ['that is years behind is corrected', now - 900 * day_ms - hour_ms, now - 900 * day_ms, now - hour_ms],
    ['that says 1970 is corrected', 0, 5 * second_ms, now - 5 * second_ms],
    ['leaves an old event old', now - 40 * day_ms, now, now - 40 * day_ms],
    ['leaves an event that is after its own sending ahead', now + 2 * day_ms, now, now + 2 * day_ms],
  ])('%s', (_says, at, sent_at, true_at) => expect(eventTimeOf(at, sent_at, noon)).toEqual(new Date(true_at)))

  test('that leads past the end of time costs the event, not its batch', () => {
    const at = eventTimeOf(8_640_000_000_000_000, 0, noon)
    expect(at.getTime()).toBeNaN()
    expect(reasonOf(hitOf({ at }))).toBe('in_future')
  })
})
