import { describe, expect, test } from 'vitest'
import { type Arrival, ingest } from '../src/ingest/ingest.ts'
import type { Keys } from '../src/ingest/pseudonymise.ts'
import { webKeyOf } from '../src/keys/web-key.ts'
import { arrivalOf, golden, pageView } from './batches.ts'

const keyOf = (text: string) => webKeyOf(new TextEncoder().encode(text.padEnd(32)))

/** Every day of every site has a key, but those named. */
const keysBut = async (...gone: string[]): Promise<Keys> => ({
  pepper: await keyOf('pepper'),
  siteDay: async (site, day) => (gone.includes(day) ? null : keyOf(`${site.id} ${day}`)),
})

const walk = async (arrival: Arrival, keys?: Keys) => {
  const ingested = await ingest(arrival, keys ?? (await keysBut()))
  if (!ingested) throw new Error('no key')
  return ingested
}

const noon = new Date('2026-03-10T12:00:00Z')
const minutesBefore = (minutes: number, moment = noon) => new Date(moment.getTime() - minutes * 60_000)
const uuid_shape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const secret = 'A'.repeat(43)

describe('a batch', () => {
  test('of one event of each kind becomes five rows', async () => {
    const { events, sent_at, ...rest } = golden()
    const { delivery, refused } = await walk(arrivalOf(events, new Date(sent_at), rest))
    expect(refused).toEqual([])
    expect(delivery.events).toMatchObject([
      {
        kind: 'page_view',
        page: { host: 'shop.example', path: '/p/1', title: 'Paniers' },
        origin: { source: 'news', referrer: 'www.google.com/' },
        client: { browser: 'Firefox', browser_version: '140', os: 'Linux', device: 'desktop', language: 'fr-CM' },
        place: { country: 'CM', city: 'Douala', region: null },
        props: { plan: 'pro', seats: 3, trial: false },
      },
      { kind: 'api_call', action: { method: 'GET', endpoint: '/users/:id', status: 200 }, duration_ms: 41, bytes: 512 },
      { kind: 'contact', action: { channel: 'phone' } },
      { kind: 'custom', action: { name: 'signup', currency: 'XAF' }, amount: '4900.50', props: { plan: 'pro' } },
      { kind: 'engagement', engaged_ms: 12000, scroll_percent: 80 },
    ])
  })

  test('holds nothing that says who it was: no address, no agent, no secret, no number that was called', async () => {
    const { events, sent_at, ...rest } = golden()
    const person = { consent: 'marketing' as const, visitor: secret, user: 'amina@shop.example' }
    const left = JSON.stringify(await walk(arrivalOf(events, new Date(sent_at), { ...rest, ...person })))
    for (const trace of ['203.0.113', 'Mozilla', 'Gecko', secret, 'amina', '+237']) expect(left).not.toContain(trace)
  })

  test('keeps its good events when one is bad, and names the bad one', async () => {
    const good = pageView(noon)
    const { delivery, refused } = await walk(arrivalOf([good, { ...pageView(noon), ip: '10.0.0.1' }, 7], noon))
    expect(delivery.events.map(({ id }) => id)).toEqual([good.id])
    expect(refused).toMatchObject([
      { reason: 'invalid', detail: 'ip: unknown key' },
      { id: null, reason: 'invalid' },
    ])
    expect(delivery.refused).toEqual([
      { site: 1, day: '2026-03-10', reason: 'invalid', count: 2, delivery: expect.stringMatching(uuid_shape) },
    ])
  })

  test('has paths and endpoints no longer than rollups can be kept by, cut between characters', async () => {
    const call = { ...pageView(noon), kind: 'api_call', endpoint: `/${'😀'.repeat(999)}`, status: 200, duration_ms: 1 }
    const { delivery } = await walk(
      arrivalOf([pageView(noon, `https://shop.example/${'é'.repeat(1_900)}`), call], noon),
    )
    expect(delivery.events[0]?.page.path).toBe(`/${'%C3%A9'.repeat(400)}`.slice(0, 2_000))
    expect(delivery.events[1]?.action?.endpoint).toBe(`/${'😀'.repeat(499)}`)
  })

  test('tells what its browser had no room for, by the name it is counted under', async () => {
    const arrival = arrivalOf([pageView(noon), 7], noon, { dropped: 12 })
    const delivery = expect.stringMatching(uuid_shape)
    expect((await walk(arrival)).delivery.refused).toEqual([
      { site: 1, day: '2026-03-10', reason: 'dropped', count: 12, delivery },
      { site: 1, day: '2026-03-10', reason: 'invalid', count: 1, delivery },
    ])
  })

  test('waits where no key can be had, rather than to name anybody by a weaker hash', async () => {
    const keys = await keysBut('2026-03-10', '2026-03-09')
    expect(await ingest(arrivalOf([pageView(noon)], noon), keys)).toBeNull()
  })
})

describe('an event is refused', () => {
  const with_agent = (agent: string): Arrival => {
    const arrival = arrivalOf([pageView(noon)], noon)
    return { ...arrival, sender: { ...arrival.sender, agent } }
  }
  const plain = arrivalOf([pageView(noon)], noon, { consent: 'marketing' })
  const objecting = { ...plain, sender: { ...plain.sender, objects: true } }
  const googlebot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'

  test.each<[says: string, arrival: Arrival, reason: string | undefined]>([
    ['never, when all is well', arrivalOf([pageView(noon)], noon), undefined],
    ['at level none', arrivalOf([pageView(noon)], noon, { consent: 'none' }), 'no_consent'],
    ['where the browser objects to being followed', objecting, 'no_consent'],
    ['from a crawler', with_agent(googlebot), 'bot'],
    ['from a program that does not name itself', with_agent(''), 'bot'],
    ['32 days late', arrivalOf([pageView(minutesBefore(32 * 1440))], noon), 'too_old'],
    ['not 30 days late', arrivalOf([pageView(minutesBefore(30 * 1440))], noon), undefined],
    ['25 hours ahead', arrivalOf([pageView(minutesBefore(-25 * 60))], noon), 'in_future'],
    ['not 23 hours ahead', arrivalOf([pageView(minutesBefore(-23 * 60))], noon), undefined],
    [
      'with an address that is no page',
      arrivalOf([{ ...pageView(noon), url: 'javascript:alert(1)' }], noon),
      'invalid',
    ],
  ])('%s', async (_says, arrival, reason) => {
    const { refused, delivery } = await walk(arrival)
    expect(refused.map((refusal) => refusal.reason)).toEqual(reason ? [reason] : [])
    expect(delivery.events.length).toBe(reason ? 0 : 1)
  })

  test('not for a crawler where the site counts bots', async () => {
    const arrival = with_agent(googlebot)
    const { delivery } = await walk({ ...arrival, site: { ...arrival.site, bots: 'count' } })
    expect(delivery.events.length).toBe(1)
  })
})

describe('the time of an event', () => {
  const timeOf = async (arrival: Arrival) => (await walk(arrival)).delivery.events[0]?.at

  test("is the device's, where its clock is right", async () =>
    expect(await timeOf(arrivalOf([pageView(minutesBefore(5))], noon))).toBe('2026-03-10T11:55:00.000Z'))

  test('is corrected, where the clock is a year behind', async () => {
    const device_now = new Date('2025-03-10T12:00:00Z')
    const event = pageView(minutesBefore(5, device_now))
    expect(await timeOf(arrivalOf([event], noon, { sent_at: device_now.getTime() }))).toBe('2026-03-10T11:55:00.000Z')
  })

  test('is never after it arrived', async () =>
    expect(await timeOf(arrivalOf([pageView(minutesBefore(-60))], noon))).toBe(noon.toISOString()))
})

describe('a visitor', () => {
  const nameOf = async (arrival: Arrival, keys?: Keys) => {
    const [row] = (await walk(arrival, keys)).delivery.events
    if (!row) throw new Error('refused')
    return row
  }
  const at = (moment: Date, given?: Parameters<typeof arrivalOf>[2]) => arrivalOf([pageView(moment)], moment, given)
  const tomorrow = new Date('2026-03-11T12:00:00Z')
  const known = { consent: 'analytics' as const, visitor: secret }

  test('without a secret has one name a day, and another the next day', async () => {
    const [now, later, next] = [await nameOf(at(noon)), await nameOf(at(minutesBefore(-9))), await nameOf(at(tomorrow))]
    expect(later.visitor).toBe(now.visitor)
    expect(next.visitor).not.toBe(now.visitor)
    expect(now.known).toBe(false)
  })

  test('without a secret has another name on another site', async () => {
    const arrival = at(noon)
    const other = { ...arrival, site: { ...arrival.site, key: 'other' } }
    expect((await nameOf(other)).visitor).not.toBe((await nameOf(arrival)).visitor)
  })

  test('with a secret keeps their name over days', async () => {
    const [now, next] = [await nameOf(at(noon, known)), await nameOf(at(tomorrow, known))]
    expect(next.visitor).toBe(now.visitor)
    expect(now.known).toBe(true)
  })

  test('cannot be known at level anonymous, whatever the client sends', async () => {
    const plain = await nameOf(at(noon))
    const lying = await nameOf(at(noon, { ...known, consent: 'anonymous', user: 'amina', session: golden().session }))
    expect(lying.visitor).toBe(plain.visitor)
    expect(lying).not.toHaveProperty('user')
    expect(lying).not.toHaveProperty('session')
  })

  test('has a user only at level marketing', async () => {
    expect(await nameOf(at(noon, { ...known, user: 'amina' }))).not.toHaveProperty('user')
    expect(await nameOf(at(noon, { ...known, consent: 'marketing', user: 'amina' }))).toHaveProperty('user')
  })

  test("in a day's first half hour also has yesterday's name, and later only today's", async () => {
    const midnight = new Date('2026-03-11T00:00:00Z')
    const before = await nameOf(at(minutesBefore(5, midnight)))
    expect((await nameOf(at(minutesBefore(-20, midnight)))).visitor_before).toBe(before.visitor)
    expect(await nameOf(at(minutesBefore(-31, midnight)))).not.toHaveProperty('visitor_before')
  })

  test("of a late event has the name of the event's day while its key lives, then that of the day it arrived", async () => {
    const late = arrivalOf([pageView(minutesBefore(1440))], noon)
    const that_day = await nameOf(at(minutesBefore(1440)))
    expect((await nameOf(late)).visitor).toBe(that_day.visitor)
    expect((await nameOf(late, await keysBut('2026-03-09'))).visitor).toBe((await nameOf(at(noon))).visitor)
  })
})
