import { createRandom, type Random } from '../world/random.ts'
import { draw } from '../world/site.ts'
import { uuidOf, uuidv7Of } from '../world/uuid.ts'
import type { Dictionary } from './dictionary.ts'
import { drawDetails, lineOf, type Row } from './event.ts'

/** This many events of a site on the days before `until`. */
export type Past = { site: number; events: number; days: number; until: Date; seed: number }

const hour_ms = 3_600_000
const day_ms = 24 * hour_ms
/** Between two events of a visit, on average. */
const gap_ms = 40_000
/** How busy each hour of a day is (UTC), and each day of a week from Sunday. */
const hours = [3, 2, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 13, 13, 12, 12, 12, 12, 13, 13, 11, 8, 5]
const weekdays = [0.7, 1.1, 1.15, 1.1, 1.1, 1, 0.75]

/** An event on its way into the table: when it happened, when the device's clock says it did, and the rest of its row. */
type Event = { at_ms: number; device_ms: number; row: Row }

/**
 * Every event of a past as a line of `COPY`'s text format, in the order in which they happened. The same past gives the
 * same lines; memory holds an hour of it.
 */
export function* linesOfPast(past: Past, dictionary: Dictionary): Generator<string> {
  const world: World = { past, dictionary, random: createRandom(past.seed) }
  const first_ms = past.until.getTime() - past.days * day_ms
  const starts_ms = Array.from({ length: past.days * 24 }, (_, index) => first_ms + index * hour_ms)
  const total = starts_ms.reduce((sum, start_ms) => sum + weightOf(start_ms), 0)
  let passed = 0
  let drawn = 0
  let made = 0
  let waiting: Event[] = []
  for (const start_ms of starts_ms) {
    passed += weightOf(start_ms)
    const wanted = Math.round((past.events * passed) / total) - drawn
    drawn += wanted
    const events = take(wanted, () => visit(world, start_ms))
    const known = [...waiting, ...events].sort((one, other) => one.at_ms - other.at_ms)
    const end_ms = start_ms === starts_ms.at(-1) ? Number.POSITIVE_INFINITY : start_ms + hour_ms
    waiting = known.filter(({ at_ms }) => at_ms >= end_ms)
    for (const { at_ms, device_ms, row } of known.slice(0, known.length - waiting.length))
      yield lineOf({ ...row, id: uuidv7Of(device_ms, made++, '000000'), at: new Date(at_ms).toISOString() })
  }
}

/** As many events as wanted, of as many visits as it takes. */
const take = (wanted: number, next: () => Iterable<Event>): Event[] => {
  const events: Event[] = []
  while (events.length < wanted) for (const event of next()) if (events.length < wanted) events.push(event)
  return events
}

const weightOf = (at_ms: number): number => {
  const at = new Date(at_ms)
  return (hours[at.getUTCHours()] ?? 1) * (weekdays[at.getUTCDay()] ?? 1)
}

type World = { past: Past; dictionary: Dictionary; random: Random }

/** One visit that begins within an hour. One clock in a thousand is three days late. */
function* visit(world: World, hour_began_ms: number): Generator<Event> {
  const { past, dictionary, random } = world
  let at_ms = Math.floor(hour_began_ms + random() * hour_ms)
  const visitor = visitorOf(world, at_ms)
  let page = dictionary.pages[draw.path(random)]
  let origin = originOf(world)
  let details: Row = { kind: 'page_view' }
  do {
    const skewed = random() < 0.001
    const row = { site: past.site, ...visitor, page, origin, skewed, ...details }
    yield { at_ms, device_ms: skewed ? at_ms - 3 * day_ms : at_ms, row }
    at_ms += Math.ceil(-Math.log(1 - random()) * gap_ms)
    details = drawDetails(random, dictionary)
    if (details['kind'] === 'page_view') page = dictionary.pages[draw.path(random)]
    origin = undefined
  } while (random() < 0.85)
}

/** 200,000 people at ten million events, some far oftener than others. Three of ten are known from day to day. */
const visitorOf = ({ past, dictionary, random }: World, at_ms: number): Row => {
  const people = Math.max(100, Math.round(past.events / 50))
  const person = Math.floor(people * random() ** 1.6)
  const own = createRandom(person)
  const traits = { client: dictionary.clients[draw.client(own)], place: dictionary.places[draw.country(own)] }
  if (person % 10 >= 3) return { ...traits, known: false, visitor: uuidOf(person, Math.floor(at_ms / day_ms)) }
  return {
    ...traits,
    known: true,
    visitor: uuidOf(person, past.seed),
    session: uuidOf(person, at_ms),
    ...(person % 50 === 0 && { user: uuidOf(person, past.seed + 1) }),
  }
}

/** Half of the visits come from nowhere known, one in ten by a campaign. */
const originOf = ({ dictionary, random }: World): string | undefined => {
  const of_ten = random() * 10
  if (of_ten < 5) return undefined
  return of_ten < 9 ? dictionary.origins[draw.referrer(random)] : dictionary.campaigns[draw.campaign(random)]
}
