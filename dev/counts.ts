/** How many checks held, failed, or were not run. */
export type Counts = { passed: number; failed: number; skipped: number }

/** What we read of the report that `vitest --reporter=json` writes. */
export type VitestReport = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/**
 * The true counts of a vitest run. What the report cannot count still fails once: a file that did not load, a run
 * without a test, a run that ended badly though each of its tests held, a crash that left no report.
 */
export function countsOf(run: { exit_code: number; report: VitestReport | undefined }): Counts {
  const { exit_code, report } = run
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  )
  const passed = report.numPassedTests
  const failed = report.numFailedTests + unloaded.length
  const skipped = report.numPendingTests + report.numTodoTests
  const uncounted = failed === 0 && (exit_code !== 0 || passed === 0)
  return { passed, failed: uncounted ? 1 : failed, skipped }
}

/** A check that holds or does not, as counts. */
export function countOf(holds: boolean): Counts {
  return { passed: holds ? 1 : 0, failed: holds ? 0 : 1, skipped: 0 }
}

/** Counts added up. */
export function sumOf(all: Counts[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed
    sum.failed += failed
    sum.skipped += skipped
  }
  return sum
}

/** The last line of a run: `12 passed, 0 failed`, and the skipped only when there are some. */
export function lineOf({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
