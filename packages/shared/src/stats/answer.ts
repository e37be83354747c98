import { z } from 'zod'
import { countedReasons } from '../wire/reply.ts'
import { query } from './query.ts'

const row = z.strictObject({ dimensions: z.array(z.string()), metrics: z.array(z.number().nullable()) })

/**
 * The answer to a question. A row's `dimensions` and `metrics` stand in the order they were asked for. Shares are
 * percentages, durations seconds, days and hours those of the site's time zone; a metric that has nothing to divide by
 * is `null`. `comparison`, where it was asked for, is the same row in the time before: all that is missing there counts 0.
 */
export const answer = z.strictObject({
  results: z.array(row.extend({ comparison: row.optional() })),
  meta: z.strictObject({
    /** IANA name of the site's clock. */
    time_zone: z.string(),
    /** First and last day that count, both included. */
    date_range: z.tuple([z.iso.date(), z.iso.date()]),
    /** First and last day of what rows are compared with. */
    comparison_range: z.tuple([z.iso.date(), z.iso.date()]).optional(),
    total_rows: z.int().optional(),
    /** Every bucket of the range, empty ones too. */
    time_labels: z.array(z.string()).optional(),
    /** Events of the range's days that were turned away, by reason. */
    refused: z.partialRecord(z.enum(countedReasons), z.int()).optional(),
  }),
  query,
})

/** See {@link answer}. */
export type Answer = z.infer<typeof answer>
