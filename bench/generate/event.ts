import type { EventKind } from '@balise/shared/wire/event'
import { oneOf, type Random } from '../world/random.ts'
import { custom_names, draw, kinds_percent } from '../world/site.ts'
import { uuidOf } from '../world/uuid.ts'
import type { Dictionary } from './dictionary.ts'

/** The columns of `events` in the order in which they are copied. */
export const columns = [
  [
    'site',
    'id',
    'at',
    'visitor',
    'session',
    'user',
    'page',
    'origin',
    'client',
    'place',
    'action',
    'kind',
    'known',
    'skewed',
  ],
  ['target', 'duration_ms', 'bytes', 'engaged_ms', 'scroll_percent', 'amount', 'props'],
].flat()

/** A row of `events` in the making: what is absent is null. */
export type Row = Record<string, string | number | boolean | undefined>

/** What an event of each kind has beside what every event has. */
const details: { [Kind in EventKind]: (random: Random, dictionary: Dictionary) => Row } = {
  page_view: () => ({}),
  engagement: (random) => ({
    engaged_ms: Math.floor(60_000 * random() ** 2),
    scroll_percent: Math.floor(random() * 101),
  }),
  api_call: (random, { endpoints }) => ({
    action: endpoints[draw.endpoint(random) * 2 + (random() < 0.97 ? 0 : 1)],
    // Pareto: most answers take some 40 ms, one in a thousand takes over a second.
    duration_ms: Math.min(30_000, Math.floor(30 / (1 - random()) ** 0.6)),
    bytes: Math.floor(200 / (1 - random()) ** 0.8),
  }),
  contact: (random, { contacts }) => ({
    action: oneOf(random, contacts),
    target: uuidOf(Math.floor(random() * 20), 7),
  }),
  custom: (random, { custom, purchases }) =>
    random() < 0.1
      ? { action: oneOf(random, purchases), amount: (5 / (1 - random()) ** 0.7).toFixed(2) }
      : {
          action: custom[Math.floor(random() * custom_names.length)],
          props: JSON.stringify({ plan: oneOf(random, ['free', 'pro', 'team']), seats: 1 + Math.floor(random() * 9) }),
        },
}

/** Draws what happens next on a page. */
export const drawDetails = (random: Random, dictionary: Dictionary): Row => {
  const kind = drawKind(random)
  return { kind, ...details[kind](random, dictionary) }
}

const drawKind = (random: Random): EventKind => {
  let left = random() * 100
  for (const [kind, share] of Object.entries(kinds_percent) as [EventKind, number][]) {
    if (left < share) return kind
    left -= share
  }
  return 'page_view'
}

/** A row as a line of `COPY`'s text format. No value of ours holds a tab, a line's end or a backslash. */
export const lineOf = (row: Row): string => {
  let line = ''
  for (const [index, column] of columns.entries()) {
    if (index > 0) line += '\t'
    line += row[column] ?? '\\N'
  }
  return `${line}\n`
}
