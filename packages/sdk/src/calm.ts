import type { Report } from './report.ts'

/** `act`, made unable to throw into the page: what it throws is reported, and answered with `undefined`. */
export const calm =
  <Args extends unknown[], Answer>(act: (...args: Args) => Answer, report: Report) =>
  (...args: Args): Answer | undefined => {
    try {
      return act(...args)
    } catch (error) {
      report('error', error)
      return undefined
    }
  }
