import type { Balise, Props, TrackOptions } from './api.ts'
import { viewOf } from './capture/page-views.ts'
import { endpointOf } from './endpoint.ts'
import type { Tell } from './street.ts'

/** The public verbs that tell an event. */
export type Verbs = Pick<Balise, 'trackPageView' | 'trackApiCall' | 'trackContact' | 'track'>

/** Turns what a site says into events told to `tell`. */
export const verbsOf = (tell: Tell): Verbs => ({
  trackPageView: (view) => tell(viewOf(view)),
  trackApiCall: (call) => tell({ ...call, kind: 'api_call', endpoint: endpointOf(call.endpoint) }),
  trackContact: (contact) => tell({ ...contact, kind: 'contact' }),
  track: (name, props?: Props, options?: TrackOptions) => tell({ ...options, kind: 'custom', name, props }),
})
