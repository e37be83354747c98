import type { Balise } from './api.ts'

/** The tracker where there is no page: on a server. It answers, and does nothing. */
export const inert: Balise = {
  trackPageView() {},
  trackApiCall() {},
  trackContact() {},
  track() {},
  notice() {},
  identify() {},
  consent: { set() {}, get: () => 'none', connect() {} },
  optOut() {},
  forget: async () => null,
  flush: async () => [],
  stop() {},
}
