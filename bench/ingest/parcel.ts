import { createHash } from 'node:crypto'
import type { Batch } from '@balise/shared/wire/envelope'
import type { WireEvent } from '@balise/shared/wire/event'
import { oneOf, type Random } from '../world/random.ts'
import {
  agents,
  custom_names,
  draw,
  endpoints,
  kinds_percent,
  languages,
  paths,
  referrers,
  screens,
  titleOf,
} from '../world/site.ts'
import { uuidOf, uuidv7Of } from '../world/uuid.ts'

/**
 * A request that was written beforehand, but for what makes it unique: `stamp` fills in the ids and the times. So a load
 * generator costs little, and never runs out of events nor of memory. Its events happened just before it is sent, or
 * before `happened_ms`; a known visitor's secret is told.
 */
export type Parcel = {
  headers: Record<string, string>
  visitor?: string
  stamp: (now_ms: number, happened_ms?: number) => Buffer
}

const time_hole = 1_000_000_000_000
const id_hole = '00000000-0000-7000-8000-000000000000'

/** Writes a request of one browser with this many events: a third of the visitors is known, the others are anonymous. */
export const writeParcel = (random: Random, site: string, events_count: number): Parcel => {
  const known = random() < 0.3
  const batch: Batch = {
    site,
    sent_at: time_hole,
    consent: known ? 'analytics' : 'anonymous',
    ...(known && { visitor: secretOf(random), session: uuidOf(random() * 2 ** 32, 0) }),
    page: { screen: oneOf(random, screens), language: oneOf(random, languages), timezone: 'Europe/Paris' },
    events: Array.from({ length: events_count }, () => eventOf(random)),
  }
  const body = Buffer.from(JSON.stringify(batch))
  const address = `203.0.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`
  return {
    headers: {
      'content-type': 'text/plain',
      'user-agent': agents[draw.agent(random)] ?? '',
      'cf-connecting-ip': address,
      'x-real-ip': address,
    },
    ...(batch.visitor && { visitor: batch.visitor }),
    stamp: stamper(body),
  }
}

const eventOf = (random: Random): WireEvent => {
  const path = paths[draw.path(random)] ?? '/'
  const head = { id: id_hole, at: time_hole, url: `https://shop.example${path}` }
  const of_hundred = random() * 100
  const { page_view, engagement, api_call, custom } = kinds_percent
  if (of_hundred < page_view) {
    const from_outside = random() < 0.4 ? { referrer: referrers[draw.referrer(random)] ?? '' } : {}
    return { ...head, kind: 'page_view', title: titleOf(path), ...from_outside }
  }
  if (of_hundred < page_view + engagement)
    return {
      ...head,
      kind: 'engagement',
      engaged_ms: Math.floor(random() * 90_000),
      scroll_percent: Math.floor(random() * 101),
    }
  if (of_hundred < page_view + engagement + api_call)
    return {
      ...head,
      kind: 'api_call',
      method: 'GET',
      endpoint: endpoints[draw.endpoint(random)] ?? '',
      status: random() < 0.97 ? 200 : 500,
      duration_ms: Math.floor(20 / (1.001 - random())),
      bytes: Math.floor(random() * 20_000),
    }
  if (of_hundred < page_view + engagement + api_call + custom)
    return {
      ...head,
      kind: 'custom',
      name: oneOf(random, custom_names),
      props: { plan: 'pro', seats: Math.floor(random() * 9) },
    }
  return { ...head, kind: 'contact', channel: random() < 0.5 ? 'phone' : 'whatsapp', target: '+237600000000' }
}

const secretOf = (random: Random): string => createHash('sha256').update(String(random())).digest('base64url')

/** Events of one request happened up to ten seconds before it. */
const spread_ms = 10_000

const stamper = (body: Buffer) => {
  const ids = offsetsOf(body, id_hole)
  const [sent_at = 0, ...times] = offsetsOf(body, String(time_hole))
  return (now_ms: number, happened_ms = now_ms): Buffer => {
    const stamped = Buffer.from(body)
    stamped.write(String(now_ms), sent_at, 'latin1')
    for (const [index, offset] of ids.entries()) {
      const at_ms = happened_ms - Math.floor((spread_ms * (ids.length - index)) / (ids.length + 1))
      stamped.write(freshId(at_ms), offset, 'latin1')
      stamped.write(String(at_ms), times[index] ?? 0, 'latin1')
    }
    return stamped
  }
}

const offsetsOf = (body: Buffer, hole: string): number[] => {
  const offsets: number[] = []
  for (let found = body.indexOf(hole); found >= 0; found = body.indexOf(hole, found + hole.length)) offsets.push(found)
  return offsets
}

/** Tells this process's ids from those of every other one, before or beside it. */
const process_tail = Math.floor(Math.random() * 2 ** 24)
  .toString(16)
  .padStart(6, '0')
let made = 0

/** A UUIDv7 of a moment that no other call gives, here or in any other process. */
export const freshId = (at_ms: number): string => {
  made += 1
  return uuidv7Of(at_ms, made, process_tail)
}
