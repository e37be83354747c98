import { z } from 'zod'

/** What can be counted. The meanings are in `docs/query.md`. */
export const metrics = ['visitors', 'visits', 'page_views', 'events', 'bounce_rate', 'visit_duration'] as const

/** One of {@link metrics}. */
export type Metric = (typeof metrics)[number]

/** Buckets of the site's own clock. */
export const timeDimensions = ['time:hour', 'time:day', 'time:month'] as const

/** Facts of one event. */
export const eventDimensions = ['event:path', 'event:kind', 'event:name', 'event:endpoint', 'event:channel'] as const

/** Facts of the visit that an event belongs to; they are those of the visit's first event. */
export const visitDimensions = [
  'visit:source',
  'visit:channel',
  'visit:country',
  'visit:browser',
  'visit:os',
  'visit:device',
  'visit:entry_page',
] as const

/** One of {@link timeDimensions}. */
export type TimeDimension = (typeof timeDimensions)[number]

/** A dimension that has values one can filter by. */
export type ValueDimension = (typeof eventDimensions)[number] | (typeof visitDimensions)[number]

/** All that answers can be split by. */
export type Dimension = TimeDimension | ValueDimension

/** All that answers can be split by, in the order of the docs. */
export const dimensions = [...timeDimensions, ...eventDimensions, ...visitDimensions] as const

/** All that answers can be filtered by. */
export const filterDimensions = [...eventDimensions, ...visitDimensions] as const

/** How a filter compares. `contains` is case-sensitive and literal. Several values mean any of them. */
export const filterOperators = ['is', 'is_not', 'contains'] as const

/** `["is", "visit:country", ["FR", "CM"]]`, and `and`, `or`, `not` around such. */
export type Filter =
  | [(typeof filterOperators)[number], ValueDimension, string[]]
  | ['and' | 'or', Filter[]]
  | ['not', Filter]

const values = z.array(z.string().max(2_000)).min(1).max(100)

/** Validates a {@link Filter}. Its depth is bounded by {@link query}. */
export const filter: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.tuple([z.enum(filterOperators), z.enum(filterDimensions), values]),
    z.tuple([z.enum(['and', 'or']), z.array(filter).min(1).max(20)]),
    z.tuple([z.literal('not'), filter]),
  ]),
)

/** Ranges with a name, ending today on the site's clock. */
export const namedRanges = ['day', '7d', '30d', '12mo', 'month', 'year', 'all'] as const

/** One of {@link namedRanges}, or two calendar days `["2026-10-01", "2026-10-31"]`, both included. */
export const dateRange = z.union([z.enum(namedRanges), z.tuple([z.iso.date(), z.iso.date()])])

/** See {@link dateRange}. */
export type DateRange = z.infer<typeof dateRange>

/** What rows can be compared with: the same number of days right before, or the same days a year before. */
export const comparisons = ['previous_period', 'year_over_year'] as const

/** One of {@link comparisons}. */
export type Comparison = (typeof comparisons)[number]

const unique = (list: readonly string[]) => new Set(list).size === list.length

/** A question to `POST /v1/query`. Close to Plausible's Stats API v2 on purpose. */
export const query = z.strictObject({
  site: z.string().min(1).max(64),
  date_range: dateRange,
  metrics: z.array(z.enum(metrics)).min(1).max(metrics.length).refine(unique, { error: 'each metric once' }),
  dimensions: z.array(z.enum(dimensions)).max(4).refine(unique, { error: 'each dimension once' }).default([]),
  filters: filter.optional(),
  /** What is sorted by must be asked for. Without it: time first, ascending; else the first metric, descending. */
  order_by: z
    .array(z.tuple([z.enum([...metrics, ...dimensions]), z.enum(['asc', 'desc'])]))
    .max(10)
    .optional(),
  limit: z.int().min(1).max(10_000).default(100),
  offset: z.int().min(0).max(1_000_000).default(0),
  compare: z.enum(comparisons).optional(),
  include: z
    .array(z.enum(['total_rows', 'time_labels', 'refused']))
    .max(3)
    .default([]),
})

/** A {@link query} as understood: defaults filled in. */
export type Query = z.infer<typeof query>

/** A {@link query} as a client may write it: defaults left out. */
export type Question = z.input<typeof query>
