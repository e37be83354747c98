const series_max = 200

/** See {@link createTally}. */
export type Tally = ReturnType<typeof createTally>

/**
 * Counters of this process since it started, for operators. On Workers each isolate has its own; what must add up over
 * all of them is in the table `refusals`.
 */
export const createTally = () => {
  const refused = createCounter('balise_requests_refused_total')
  const failed = createCounter('balise_jobs_failed_total')

  return {
    /** Counts one request that was turned away, by the code it was told, and by the limit where it was one. */
    refused: (code: string, limit?: string): void =>
      refused.add(limit ? `code="${code}",limit="${limit}"` : `code="${code}"`),
    /** Counts one failure of what the clock calls for, by the job's name. */
    failed: (job: string): void => failed.add(`job="${job}"`),
    /** Every counter, in Prometheus' text format. */
    text: (): string => refused.text() + failed.text(),
  }
}

const createCounter = (name: string) => {
  const counts = new Map<string, number>()
  return {
    add: (labels: string): void => {
      if (counts.has(labels) || counts.size < series_max) counts.set(labels, (counts.get(labels) ?? 0) + 1)
    },
    text: (): string =>
      [`# TYPE ${name} counter\n`]
        .concat([...counts].map(([labels, count]) => `${name}{${labels}} ${count}\n`))
        .join(''),
  }
}
