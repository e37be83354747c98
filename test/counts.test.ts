import { expect, test } from 'vitest'
import { countsOf, lineOf, sumOf, type VitestReport } from '../dev/counts.ts'

const file = (...statuses: string[]) => ({
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
})
const unloaded = { status: 'failed', assertionResults: [] }

function report(numPassedTests: number, numFailedTests: number, given: Partial<VitestReport> = {}): VitestReport {
  return { numPassedTests, numFailedTests, numPendingTests: 0, numTodoTests: 0, testResults: [], ...given }
}

test.each([
  {
    run: 'all hold',
    exit_code: 0,
    report: report(2, 0, { testResults: [file('passed', 'passed')] }),
    line: '2 passed, 0 failed',
  },
  {
    run: 'one fails',
    exit_code: 1,
    report: report(1, 1, { testResults: [file('passed', 'failed')] }),
    line: '1 passed, 1 failed',
  },
  {
    run: 'a file does not load',
    exit_code: 1,
    report: report(2, 0, { testResults: [file('passed', 'passed'), unloaded] }),
    line: '2 passed, 1 failed',
  },
  {
    run: 'one fails, another file does not load',
    exit_code: 1,
    report: report(0, 1, { testResults: [file('failed'), unloaded] }),
    line: '0 passed, 2 failed',
  },
  { run: 'all hold, but the run ends badly', exit_code: 1, report: report(2, 0), line: '2 passed, 1 failed' },
  { run: 'nothing is run', exit_code: 0, report: report(0, 0), line: '0 passed, 1 failed' },
  {
    run: 'everything is skipped',
    exit_code: 0,
    report: report(0, 0, { numPendingTests: 3 }),
    line: '0 passed, 1 failed, 3 skipped',
  },
  {
    run: 'some are skipped or to do',
    exit_code: 0,
    report: report(1, 0, { numPendingTests: 1, numTodoTests: 1 }),
    line: '1 passed, 0 failed, 2 skipped',
  },
  { run: 'the runner crashes', exit_code: 134, report: undefined, line: '0 passed, 1 failed' },
  {
    run: 'the runner leaves no report though it ends well',
    exit_code: 0,
    report: undefined,
    line: '0 passed, 1 failed',
  },
])('when $run: $line', ({ exit_code, report, line }) => {
  expect(lineOf(countsOf({ exit_code, report }))).toBe(line)
})

test('the last line adds up every check', () => {
  const all = [
    { passed: 1, failed: 0, skipped: 0 },
    { passed: 0, failed: 1, skipped: 0 },
    { passed: 40, failed: 2, skipped: 3 },
  ]
  expect(lineOf(sumOf(all))).toBe('41 passed, 3 failed, 3 skipped')
})
