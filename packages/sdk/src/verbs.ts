import type { Balise } from './api.ts'
import { calm } from './calm.ts'
import { endpointOf } from './endpoint.ts'
import type { Draft } from './event.ts'
import { propsOf } from './props.ts'
import type { Tell } from './street.ts'

/** The public verbs that tell an event. */
export type Verbs = Pick<Balise, 'trackPageView' | 'trackApiCall' | 'trackContact' | 'track'>

/** Turns what a site says into events told to `tell`. */
export const verbsOf = (tell: Tell): Verbs => {
  const told = <Args extends unknown[]>(draftOf: (...args: Args) => Draft) =>
    calm((...args: Args) => {
      const draft = draftOf(...args)
      tell({ ...draft, props: propsOf(draft.props) })
    })

  return {
    trackPageView: told((view) => ({
      title: document.title,
      referrer: document.referrer,
      ...view,
      kind: 'page_view',
    })),
    trackApiCall: told((call) => ({
      ...call,
      kind: 'api_call',
      endpoint: endpointOf(call.endpoint),
      duration_ms: Math.round(call.duration_ms),
    })),
    trackContact: told((contact) => ({ ...contact, kind: 'contact' })),
    track: told((name, props, options) => ({ ...options, kind: 'custom', name, props })),
  }
}
