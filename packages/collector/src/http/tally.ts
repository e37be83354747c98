const series_max = 200

/**
 * Counters of this process since it started, for operators. On Workers each isolate has its own; what must add up over
 * all of them is in the table `refusals`.
 */
export const createTally = () => {
  const counts = new Map<string, number>()

  return {
    /** Counts one request that was turned away, by the code it was told. */
    refused: (code: string): void => {
      if (counts.has(code) || counts.size < series_max) counts.set(code, (counts.get(code) ?? 0) + 1)
    },
    /** Every counter, in Prometheus' text format. */
    text: (): string =>
      ['# TYPE balise_requests_refused_total counter\n']
        .concat([...counts].map(([code, count]) => `balise_requests_refused_total{code="${code}"} ${count}\n`))
        .join(''),
  }
}
