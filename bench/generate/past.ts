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

/**
 * Every event of a past as a line of `COPY`'s text format, in the order in which they happened but for what overlaps
 * within an hour. The same past gives the same lines, and memory does not grow with it.
 */
export function* linesOfPast(past: Past, dictionary: Dictionary): Generator<string> {
  const random = createRandom(past.seed)
  const first_ms = past.until.getTime() - past.days * day_ms
  const weights = Array.from({ length: past.days * 24 }, (_, index) => weightOf(first_ms + index * hour_ms))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let made = 0
  let passed = 0
  for (const [index, weight] of weights.entries()) {
    passed += weight
    const made_then = Math.round((past.events * passed) / total)
    while (made < made_then) {
      for (const row of visit({ past, dictionary, random }, first_ms + index * hour_ms)) {
        if (made === made_then) break
        yield lineOf({ ...row, id: uuidv7Of(Number(row['id']), made++, '000000') })
      }
    }
  }
}

const weightOf = (at_ms: number): number => {
  const at = new Date(at_ms)
  return (hours[at.getUTCHours()] ?? 1) * (weekdays[at.getUTCDay()] ?? 1)
}

type World = { past: Past; dictionary: Dictionary; random: Random }

/** One visit that begins within an hour. In place of its id a row has the time of the device's clock. */
function* visit(world: World, hour_began_ms: number): Generator<Row> {
  const { past, dictionary, random } = world
  let at_ms = Math.floor(hour_began_ms + random() * hour_ms)
  const visitor = visitorOf(world, at_ms)
  let page = dictionary.pages[draw.path(random)]
  let origin = originOf(world)
  let details: Row = { kind: 'page_view' }
  do {
    const skewed = random() < 0.001
    const id = skewed ? at_ms - 3 * day_ms : at_ms
    yield { site: past.site, id, at: new Date(at_ms).toISOString(), ...visitor, page, origin, skewed, ...details }
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
