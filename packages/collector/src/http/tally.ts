const series_max = 200

/**
 * Counters of this process since it started, for operators. On Workers each isolate has its own; what must add up over
 * all of them is in the table `refusals`.
 */
export const createTally = () => {
  const counts = new Map<string, number>()

  return {
    /** Counts one request that was turned away, by the code it was told, and by the limit where it was one. */
    refused: (code: string, limit?: string): void => {
      const labels = limit ? `code="${code}",limit="${limit}"` : `code="${code}"`
      if (counts.has(labels) || counts.size < series_max) counts.set(labels, (counts.get(labels) ?? 0) + 1)
    },
    /** Every counter, in Prometheus' text format. */
    text: (): string =>
      ['# TYPE balise_requests_refused_total counter\n']
        .concat([...counts].map(([labels, count]) => `balise_requests_refused_total{${labels}} ${count}\n`))
        .join(''),
  }
}
